"""Ledger entries for drift: of one command, or of many jobs, once for each environment even if collected again."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DriftChecked, Event
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.drift.result import EnvironmentDrift
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports

# Drifted names in one ledger entry.
MAX_NAMED = 20
# Codes of errors of the store itself. After one of them it is not tried again for each environment.
STORE_ERRORS = ("E40", "E45")


def record_drift(ports: Ports, found: EnvironmentDrift, known: LedgerState) -> tuple[EnvironmentDrift, LedgerState]:
    """Record the finding in the ledger, unless it is unknown, or clean for only some of the stacks. Return it with any
    error of the store, and the new state of the ledger. `known` is the state before.
    """
    if found.condition == "unknown" or (found.condition == "clean" and not found.whole):
        return found, known

    def decide(present: LedgerState) -> Event | None:
        return build_event(found) if _is_still_deployed(present, found) else None

    try:
        known, _ = journal.append(ports, decide, after=known)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        # The finding is still shown, although guards will not know of it.
        found = replace(found, problems=tuple(error.problems))
    return found, known


def record_findings(
    ports: Ports, found: Sequence[EnvironmentDrift], known: LedgerState
) -> tuple[tuple[EnvironmentDrift, ...], LedgerState]:
    """Record findings of one moment like `record_drift`. Looks that found nothing share an entry, unless it is signed:
    a far store takes one round trip for each.
    """
    looks: list[EnvironmentDrift] = []
    if not ports.trust.pinned:
        looks = [each for each in found if each.condition == "clean" and each.whole and not each.locked]
    problems: tuple[Problem, ...] = ()
    if len(looks) > 1:
        try:
            known, _ = journal.append(ports, lambda present: _join_looks(present, looks), after=known)
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            problems = tuple(error.problems)
    else:
        looks = []
    recorded = []
    for each in found:
        if each in looks:
            recorded.append(replace(each, problems=problems) if problems else each)
        else:
            done, known = record_drift(ports, each, known)
            recorded.append(done)
    return tuple(recorded), known


def _join_looks(present: LedgerState, looks: Sequence[EnvironmentDrift]) -> Event | None:
    events = [build_event(each) for each in looks if _is_still_deployed(present, each)]
    return events[0].add_looks(events[1:]) if events else None


def _is_still_deployed(present: LedgerState, found: EnvironmentDrift) -> bool:
    """Tell whether the checked deployment still runs, and no other one is under way."""
    here = present.find_environment(found.environment)
    return here.current is not None and here.current.seq == found.deployment and not here.unfinished_deployment


def record_unplanned(ports: Ports, found: EnvironmentDrift, names: tuple[str, ...]) -> None:
    """Record which of the drift no plan undoes. Otherwise the next step would be the same fix again."""

    def decide(present: LedgerState) -> Event | None:
        here = present.find_environment(found.environment)
        if here.current is None or here.current.seq != found.deployment or here.drift is None or not here.drifted:
            return None
        unplanned = names or here.drift.resources
        return None if here.drift.unplanned == unplanned else replace(build_event(found), unplanned=unplanned)

    try:
        journal.append(ports, decide)
    except EnvctlError as error:
        ports.observer.on_message(f"the drift in no plan is not recorded: {error.problems[0].message}")


def build_event(found: EnvironmentDrift) -> DriftChecked:
    return DriftChecked(
        environment=found.environment,
        release=found.release,
        drifted=found.drifted,
        resources=found.drifted_names[:MAX_NAMED],
        locked=found.locked,
    )


def note_recorded_drift(found: EnvironmentDrift, present: LedgerState) -> EnvironmentDrift:
    """Return the finding with the drift in the ledger that it does not clear: a look without the lock found none."""
    known = present.find_environment(found.environment).drift
    stays = found.condition == "clean" and not found.locked and known is not None and known.drifted > 0
    return replace(found, recorded=known.drifted) if stays and known is not None else found


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
    """Record the observations, and return their drift with problems. `since` is the last entry before the checks."""
    ledger = _DriftJournal(ports, since)
    return tuple(
        ledger.record_observation(o) if o.found.condition in {"clean", "drifted"} else o.found for o in observations
    )


@dataclass(frozen=True)
class _LaterCheck:
    """A drift entry since the beginning of a run. `counts` is False for a look without the lock that found nothing."""

    seq: int
    counts: bool


@dataclass
class _DriftJournal:
    """The drift entries since the beginning of a run. It reads only entries appended by others."""

    ports: Ports
    read_up_to: int
    last_checks: dict[str, list[_LaterCheck]] = field(default_factory=dict)
    state: LedgerState | None = None
    store_error: EnvctlError | None = None

    def record_observation(self, observation: DriftObservation) -> EnvironmentDrift:
        found = observation.found
        if self.store_error:
            return replace(found, problems=tuple(self.store_error.problems))

        def decide(present: LedgerState) -> Event | None:
            # A later check, or this very one, may be recorded already.
            begun = max(observation.start_seqs, default=0)
            self._read_new_checks(present)
            later = [each for each in self.last_checks.get(found.environment, ()) if each.seq > begun]
            # A look without the lock that found nothing does not contradict found drift.
            decides = [each for each in later if each.counts or not found.drifted]
            if not observation.is_current(present) or decides:
                return None
            return build_event(found)

        try:
            self.state, entry = journal.append(self.ports, decide, after=self.state)
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            # The finding is still shown, although guards will not know of it.
            if any(problem.code.startswith(STORE_ERRORS) for problem in error.problems):
                self.store_error = error
            return replace(found, problems=tuple(error.problems))
        if entry:
            # The own entry need not be read.
            self.read_up_to = entry.seq
            self._add_check(entry)
        return note_recorded_drift(found, self.state)

    def _read_new_checks(self, present: LedgerState) -> None:
        """Read the drift entries since the run began."""
        new = range(self.read_up_to + 1, present.seq + 1)
        for entry in list(journal.read_entries(self.ports, new)):
            if not self.ports.trust.explain_distrust(entry):
                self._add_check(entry)
        self.read_up_to = max(self.read_up_to, present.seq)

    def _add_check(self, entry: Entry) -> None:
        if isinstance(entry.event, DriftChecked):
            for each in (entry.event, *entry.event.other_looks):
                check = _LaterCheck(entry.seq, counts=each.drifted > 0 or each.locked)
                self.last_checks.setdefault(each.environment, []).append(check)
