"""Ledger entries for drift found by many jobs: one for each environment, even after repeated collection."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.errors import EnvctlError, InterruptedByUserError
from envctl.domain.ledger.events import DriftChecked, Event
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.drift.drift import MAX_NAMED
from envctl.usecases.drift.result import EnvironmentDrift
from envctl.usecases.ledger import journal as record
from envctl.usecases.ports.core import Ports

# Codes of errors of the store itself. After one of them it is not tried again for each environment.
STORE_ERRORS = ("E40", "E45")


@dataclass(frozen=True)
class DriftObservation:
    """The drift that jobs found in an environment."""

    found: EnvironmentDrift
    last_deployment: int = 0  # its last deployment at the time
    start_seqs: tuple[int, ...] = ()  # the last entry of the ledger when each job began

    def is_current(self, present: LedgerState) -> bool:
        """Tell whether the checked deployment still runs."""
        here = present.find_environment(self.found.environment)
        if here.current is None or here.last is None or here.unfinished_deployment:
            return False
        return (here.current.seq, here.last.seq) == (self.found.deployment, self.last_deployment)


def record_observations(
    ports: Ports, observations: Sequence[DriftObservation], *, since: int
) -> tuple[EnvironmentDrift, ...]:
    """Record the observations, and return their drift with any problem of recording. `since` is the last ledger entry
    before the first check.
    """
    ledger = _DriftJournal(ports, since)
    return tuple(
        ledger.record_observation(o) if o.found.condition in {"clean", "drifted"} else o.found for o in observations
    )


@dataclass
class _DriftJournal:
    """The drift entries since the beginning of a run. It reads only entries appended by others."""

    ports: Ports
    read_up_to: int
    last_checks: dict[str, int] = field(default_factory=dict)
    state: LedgerState | None = None
    store_error: EnvctlError | None = None

    def record_observation(self, observation: DriftObservation) -> EnvironmentDrift:
        found = observation.found
        if self.store_error:
            return replace(found, problems=tuple(self.store_error.problems))

        def decide(present: LedgerState) -> Event | None:
            # A later check, or this very one, may be recorded already.
            begun = max(observation.start_seqs, default=0)
            if not observation.is_current(present) or self._find_last_check(present, found.environment) > begun:
                return None
            return DriftChecked(found.environment, found.release, found.drifted, found.drifted_names[:MAX_NAMED])

        try:
            self.state, entry = record.append(self.ports, decide, after=self.state)
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            # The finding is still shown, although guards will not know of it.
            if any(problem.code.startswith(STORE_ERRORS) for problem in error.problems):
                self.store_error = error
            return replace(found, problems=tuple(error.problems))
        if entry:
            # The own entry need not be read.
            self.last_checks[found.environment] = self.read_up_to = entry.seq
        return found

    def _find_last_check(self, present: LedgerState, environment: str) -> int:
        """Return the number of its last drift entry since the run began, or 0."""
        new = range(self.read_up_to + 1, present.seq + 1)
        for entry in list(record.read_entries(self.ports, new)):
            if isinstance(entry.event, DriftChecked) and not self.ports.trust.explain_distrust(entry):
                self.last_checks[entry.event.environment] = entry.seq
        self.read_up_to = max(self.read_up_to, present.seq)
        return self.last_checks.get(environment, 0)
