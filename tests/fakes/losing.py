"""A store in memory that has bad days."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from envctl.domain.config.project_owner import Marker, encode
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ledger.store_layout import MARKER
from envctl.usecases.ports.core import AlreadyExistsError, UnansweredError
from tests.fakes.world import MemoryStore

Weather = Literal["well", "lost", "met again", "dropped", "refused", "busy", "gone dark", "lost in the dark"]


@dataclass
class LosingStore(MemoryStore):
    """`weather` is what happens to each write: it goes *well*; it is done and its answer *lost*, or *met again* by a
    second try; it is *dropped* or *refused* or said to be *busy*, and not done; or nothing can be read after it.
    """

    # It was claimed on a good day.
    content: dict[str, bytes] = field(default_factory=lambda: {MARKER: encode(Marker("shop"))})
    weather: Iterator[Weather] = field(default_factory=lambda: iter(()))
    dark: bool = False

    def create(self, key: str, data: bytes) -> None:
        self.dark = False
        how = next(self.weather, "well")
        if how in {"lost", "met again", "lost in the dark", "well"}:
            super().create(key, data)
        self.dark = how in {"gone dark", "lost in the dark"}
        match how:
            case "well":
                return
            case "met again" | "busy":
                raise AlreadyExistsError(key)
            case "refused":
                raise OperationFailedError(Problem("E452", "no", "nothing was recorded"))
            case _:
                raise UnansweredError(Problem("E456", "no answer"))

    def read(self, key: str) -> bytes | None:
        if self.dark:
            raise OperationFailedError(Problem("E456", "no answer to a read"))
        return super().read(key)
