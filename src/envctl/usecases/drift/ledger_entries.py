"""What many jobs found, into the ledger: an entry for each environment, however often and by whomever it is done."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.errors import EnvctlError, InterruptedByUserError
from envctl.domain.ledger.events import DriftChecked, Event
from envctl.domain.ledger.state import Present
from envctl.usecases.drift.drift import NAMED
from envctl.usecases.drift.result import EnvironmentDrift
from envctl.usecases.ledger import journal as record
from envctl.usecases.ports.core import Ports

# Codes of what is wrong with the store itself: it is not asked again for every environment, with all its patience.
STORE = ("E40", "E45")


@dataclass(frozen=True)
class Look:
    """What was found in an environment, the number of its last deployment then, and how far the ledger had got when
    each of those who looked began to.
    """

    found: EnvironmentDrift
    last: int = 0
    seqs: tuple[int, ...] = ()

    def still_holds(self, present: Present) -> bool:
        """Whether what was looked at is what runs there now."""
        here = present.of(self.found.environment)
        same = here.current is not None and here.current.seq == self.found.deployment
        return same and here.last is not None and here.last.seq == self.last and not here.unfinished


def recorded(ports: Ports, looks: Sequence[Look], *, since: int) -> tuple[EnvironmentDrift, ...]:
    """The same, each with the problem that kept it from being recorded, if any did. `since` is a number of the ledger
    before which nobody looked.
    """
    ledger = _Ledger(ports, since)
    return tuple(ledger.record(look) if look.found.condition in {"clean", "drifted"} else look.found for look in looks)


@dataclass
class _Ledger:
    """Knows what was recorded since the run began, and reads the ledger again only where somebody else appended."""

    ports: Ports
    read: int
    checks: dict[str, int] = field(default_factory=dict)
    now: Present | None = None
    lost: EnvctlError | None = None

    def record(self, look: Look) -> EnvironmentDrift:
        found = look.found
        if self.lost:
            return replace(found, problems=tuple(self.lost.problems))

        def decide(present: Present) -> Event | None:
            # Somebody may have looked later, or recorded this very look.
            if not look.still_holds(present) or self._checked(present, found.environment) > max(look.seqs, default=0):
                return None
            return DriftChecked(found.environment, found.release, found.drifted, found.named[:NAMED])

        try:
            self.now, entry = record.append(self.ports, decide, after=self.now)
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            # What was found is worth telling although the guards will not know of it.
            self.lost = error if any(problem.code.startswith(STORE) for problem in error.problems) else None
            return replace(found, problems=tuple(error.problems))
        if entry:
            # One's own need not be read.
            self.checks[found.environment] = self.read = entry.seq
        return found

    def _checked(self, present: Present, environment: str) -> int:
        """The number of the last look at it that the ledger knows of since then, or 0."""
        new = range(self.read + 1, present.seq + 1)
        for entry in record.numbered(self.ports, new):
            if isinstance(entry.event, DriftChecked) and not self.ports.trust.doubt(entry):
                self.checks[entry.event.environment] = entry.seq
        self.read = max(self.read, present.seq)
        return self.checks.get(environment, 0)
