"""A store in memory with failing writes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ledger.ledger_store import MARKER_KEY, StoreMarker, encode_marker
from envctl.usecases.ports.core import AlreadyExistsError, LostResponseError
from tests.fakes.store import MemoryStore

WriteOutcome = Literal["well", "lost", "met again", "dropped", "refused", "busy", "gone dark", "lost in the dark"]


@dataclass
class UnreliableStore(MemoryStore):
    """A store with one outcome for each write.

    *well*: it succeeds; *lost*: it succeeds without an answer; *met again*: it succeeds, and a retry finds its own key;
    *dropped*, *refused*, *busy*: it fails; *gone dark*, *lost in the dark*: all reads fail until the next write.
    """

    # The project has claimed the store before.
    content: dict[str, bytes] = field(default_factory=lambda: {MARKER_KEY: encode_marker(StoreMarker("shop"))})
    outcomes: Iterator[WriteOutcome] = field(default_factory=lambda: iter(()))
    is_unreadable: bool = False

    def create(self, key: str, data: bytes) -> None:
        self.is_unreadable = False
        how = next(self.outcomes, "well")
        if how in {"lost", "met again", "lost in the dark", "well"}:
            super().create(key, data)
        self.is_unreadable = how in {"gone dark", "lost in the dark"}
        match how:
            case "well":
                return
            case "met again" | "busy":
                raise AlreadyExistsError(key)
            case "refused":
                raise OperationFailedError(Problem("E452", "no", "nothing was recorded"))
            case _:
                raise LostResponseError(Problem("E456", "no answer"))

    def read(self, key: str) -> bytes | None:
        if self.is_unreadable:
            raise OperationFailedError(Problem("E456", "no answer to a read"))
        return super().read(key)
