"""`envctl drift [ENV …]`: whether reality is still what the state says, and the state what the configuration says.

Drift takes a proof away, so what was found is recorded; what could not be looked at never passes for clean.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from functools import partial

from envctl.domain.config.project import Project
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem, UsageError
from envctl.domain.guards import RefusedError
from envctl.domain.guards.both_documents import list_ignored_drift
from envctl.domain.guards.settings import settings as fitting
from envctl.domain.ledger.events import DriftChecked, Event
from envctl.domain.ledger.state import EnvironmentPresent, Present, ended
from envctl.domain.plan.changes import Action, StackPlan
from envctl.domain.plan.drift import Condition, Ignore, without_ignored, without_moving
from envctl.domain.text.lists import first_of
from envctl.usecases.concurrency.stack_selection import ALL, Selection, selected
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.planning import demand_state
from envctl.usecases.deployment.run import there
from envctl.usecases.drift.result import Drift, EnvironmentDrift, StackDrift, together
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared
from envctl.usecases.ports.terraform import Crew, PreparedStack
from envctl.usecases.project import load, unpinned_providers
from envctl.usecases.project.removed_environments import describe_gone, find_gone
from envctl.usecases.release import bundle_store, deploy_request

NAMED = 20
# Of what is ignored by one of two documents.
SAID = 3


def drift(ports: Ports, environments: Sequence[str] = (), selection: Selection = ALL) -> Drift:
    """Of those environments, or of all of the pipeline, and those beside it that were ever deployed. What goes wrong in
    one does not keep the others from being looked at: all their stacks are, side by side.
    """
    project = load.project(ports)
    wanted = load.find_environments(ports, project, environments)
    unless_empty = () if environments else tuple(project.beside)
    looks = Looks(ports, project, keeps=True)
    found = looks.all(dict.fromkeys(wanted, selection), unless_empty)
    if environments:
        return found
    gone = (
        EnvironmentDrift(each.environment, each.release, "unknown", problems=(describe_gone(each),))
        for each in find_gone(project, looks.known)
    )
    return Drift((*found.environments, *gone))


def look(ports: Ports, units: Mapping[str, frozenset[str]]) -> Drift:
    """At some stacks of some environments (at all of one that none are named of), for somebody else to record."""
    project = load.project(ports)
    wanted = load.find_environments(ports, project, tuple(units))
    selections = {name: Selection(tuple(sorted(units[name]))) for name in wanted}
    return Looks(ports, project, keeps=False).all(selections)


@dataclass(frozen=True)
class _Ignoring:
    """What may differ: by the tree, and by the rules that were recorded as well. Only what both say is left out."""

    by_tree: tuple[str, ...]
    by_both: tuple[str, ...]

    def leave_out(self, found: StackPlan, target: str) -> tuple[StackPlan, tuple[str, ...]]:
        """What is left of the drift, and the names of what was left out."""
        left, ignored = without_ignored(found, map(Ignore, self.by_both))
        if self.by_tree == self.by_both:
            return left, ignored
        _, more = without_ignored(found, map(Ignore, self.by_tree))
        if unrecorded := [name for name in more if name not in ignored]:
            message = (
                f"envctl.toml ignores {first_of(unrecorded, SAID)}, and the rules that {target} was deployed with do"
                f" not: it counts as drift until {target} is deployed with the rules of today"
            )
            left = replace(left, warnings=(*left.warnings, message))
        return left, ignored


@dataclass
class _Place:
    """An environment that is looked at. `seen` fills up while its stacks are. `stands` says that it was deployed as a
    whole with the release, the settings and the place that it is looked at with.
    """

    target: str
    here: EnvironmentPresent
    prepared: Prepared
    stacks: tuple[PreparedStack, ...]
    ignoring: "_Ignoring"
    stands: bool = False
    seen: dict[str, StackDrift] = field(default_factory=dict)


# What a person can do with Terraform or another store, and no look at the resources alone tells.
_UNEXPLAINED = (
    "what is pending was neither edited nor left over: it follows something outside, such as a data source, the code"
    " never comes to rest, or something else than the deployments of this ledger changed the state"
)


@dataclass
class Looks:
    """At several environments at once. `keeps` says whether what was found is recorded."""

    ports: Ports
    project: Project
    keeps: bool
    known: Present = field(default_factory=Present)
    answers: dict[str, EnvironmentDrift] = field(default_factory=dict)
    places: dict[str, _Place] = field(default_factory=dict)

    def all(self, wanted: Mapping[str, Selection], unless_empty: Collection[str] = ()) -> Drift:
        """Those of `unless_empty` only where something was ever deployed there."""
        with ExitStack() as locks, self.ports.terraform.at_once() as crew:
            locked = {target: self._locked(target, locks) for target in wanted}
            with self._bundles_fetched(wanted):
                # Read once, when nobody else on this machine can deploy to any of them: a store may be far away.
                self.known = journal.present(self.ports)
                targets = tuple(each for each in wanted if each not in unless_empty or self.known.of(each).last)
                self.ports.observer.begins(targets)
                for target in targets:
                    if error := locked[target]:
                        self.answers[target] = self._unknown(target, error)
                    else:
                        self._begin(target, wanted[target], crew)
            self._await(crew)
        return Drift(tuple(self.answers[target] for target in targets))

    def _bundles_fetched(self, wanted: Collection[str]) -> AbstractContextManager[None]:
        """Those of what ran there when this machine last looked, which is mostly what still does."""
        releases = {self.ports.workspace.code_of(target) for target in wanted} - {""}
        return self.ports.store.fetching([bundle_store.key(release) for release in sorted(releases)], [])

    def _locked(self, target: str, locks: ExitStack) -> EnvctlError | None:
        """What keeps it from being."""
        try:
            holder = f"envctl drift {target} by {self.ports.identity.actor().name}"
            locks.enter_context(self.ports.workspace.lock(target, holder))
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            return error
        return None

    def _unknown(self, target: str, error: EnvctlError) -> EnvironmentDrift:
        current = self.known.of(target).current
        release = current.release if current else ""
        return EnvironmentDrift(target, release, "unknown", problems=tuple(error.problems))

    def _begin(self, target: str, selection: Selection, crew: Crew) -> None:
        """While one environment is prepared, those before it are looked at."""
        try:
            found = self._prepare(target, selection)
        except (InterruptedByUserError, UsageError):
            raise
        except EnvctlError as error:
            found = self._unknown(target, error)
        if isinstance(found, EnvironmentDrift):
            self.answers[target] = found
            return
        self.places[target] = found
        for stack in found.stacks:
            unit = f"{target}/{stack.name}"
            crew.begin(unit, partial(self._look, found, stack), unit)

    def _prepare(self, target: str, selection: Selection) -> _Place | EnvironmentDrift:
        project, present = self.project.seen_from(target), self.known
        here = present.of(target)
        if problem := _in_between(target, here):
            release = here.last.release if here.last else ""
            return EnvironmentDrift(target, release, "unknown", problems=(problem,))
        if here.current is None:
            return EnvironmentDrift(target, "", "empty")
        unpinned_providers.require_pinned_for_evidence(self.ports, target)
        candidate = deploy_request.redeployment(self.ports, project, present, target=target)
        demand_readable(candidate)
        needs = (
            {name: stack.needs for name, stack in candidate.release.wiring.stacks.items()} if candidate.release else {}
        )
        over = candidate.request.changeover
        names = selected(selection, {**needs, **dict.fromkeys(over.leaving, ())})
        prepared = prepare.from_store(self.ports, project, candidate)
        stacks = tuple(s for s in prepared.stacks if s.name in names)
        if candidate.release is not None and over.leaving.keys() & set(names):
            # What left is looked after until it is destroyed or forgotten.
            prepared = leaving_stacks.add_leaving(
                self.ports, project, present, prepared, release=candidate.release, changeover=over
            )
            stacks = (*stacks, *(s for s in prepared.left if s.name in names and not s.unready))
        ignored = project.environments[target].drift.ignore
        ignoring = _Ignoring(ignored, list_ignored_drift(candidate.request, ignored))
        stands = _stands(here, prepared, candidate.request.place)
        return _Place(target, here, prepared, stacks, ignoring, stands)

    def _look(self, place: _Place, stack: PreparedStack) -> None:
        began = self.ports.clock.now()
        found = _stack(self.ports, place, stack)
        place.seen[stack.name] = replace(found, seconds=(self.ports.clock.now() - began).total_seconds())

    def _await(self, crew: Crew) -> None:
        """Records each environment once all its stacks were looked at: what comes after may be stopped."""
        stopped: BaseException | None = None
        for _ in range(sum(len(place.stacks) for place in self.places.values())):
            unit, error = crew.ended()
            stopped = stopped or error
            place = self.places[unit.partition("/")[0]]
            if len(place.seen) == len(place.stacks):
                self.answers[place.target] = self._answer(place)
        if stopped is not None:
            raise stopped

    def _answer(self, place: _Place) -> EnvironmentDrift:
        stacks = tuple(place.seen[stack.name] for stack in place.stacks)
        current, whole = there(place.here.current), {s.name for s in place.prepared.stacks} <= place.seen.keys()
        found = EnvironmentDrift(place.target, place.prepared.release, together(stacks), stacks)
        found = replace(found, deployment=current.seq, settings=place.prepared.settings, whole=whole)
        if self.keeps:
            found, self.known = recorded(self.ports, found, self.known)
        return replace(found, next=next_step(found))


def demand_readable(candidate: deploy_request.Candidate) -> None:
    """What runs there, and settings that fit it. Nothing else that stands against a change stands against a look."""
    if candidate.release is None:
        raise bundle_store.unusable(candidate.request.identity, candidate.request.bundle)
    if unfit := fitting(candidate.request):
        raise RefusedError((unfit,))


def _in_between(target: str, here: EnvironmentPresent) -> Problem | None:
    """What keeps anybody from saying what should be there."""
    if here.unfinished:
        return Problem("E322", f"a deployment to {target} is unfinished", f"envctl recover {target}")
    if here.current is None and here.last and here.last.action != "destroy":
        message = f"nothing whole runs in {target}: its last deployment {ended(here.last)}"
        return Problem("E322", message, "envctl status shows the way on")
    return None


def _stack(ports: Ports, place: _Place, stack: PreparedStack) -> StackDrift:
    target, here, prepared = place.target, place.here, place.prepared
    applied = stack.name in here.stacks
    waits_for = tuple(needed for needed in stack.needs if needed not in here.stacks)
    if waits_for and not stack.leaves:
        return StackDrift(stack.name, "clean", pending=StackPlan(stack.name, waits_for=waits_for))
    unchanged = here.whole and here.current is not None and here.current.settings == prepared.settings
    try:
        seen = ports.terraform.look(target, stack, unchanged=unchanged)
        if applied and seen.pending.stateless:
            demand_state(ports, target, stack)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return StackDrift(stack.name, "unknown", problems=tuple(error.problems))
    left, ignored = place.ignoring.leave_out(without_moving(seen.drift), target)
    condition: Condition = "drifted" if left.changes else "clean"
    pending = seen.pending if seen.pending.changes and not stack.leaves else None
    if stack.leaves:
        pending = StackPlan(stack.name, leaves=stack.leaves)
    warnings = left.warnings
    waits = pending.resources if pending is not None and condition == "clean" and not ignored else ()
    if place.stands and applied and any(each.action is not Action.READ for each in waits):
        warnings = (*warnings, _UNEXPLAINED)
    return StackDrift(stack.name, condition, left.resources, left.outputs, pending, ignored, warnings)


def _stands(here: EnvironmentPresent, prepared: Prepared, place: str) -> bool:
    """Whether nothing was edited, moved or left over since the last deployment."""
    current = here.current
    if current is None or not here.whole or not current.place:
        return False
    return (current.release, current.settings, current.place) == (prepared.release, prepared.settings, place)


def recorded(ports: Ports, found: EnvironmentDrift, known: Present) -> tuple[EnvironmentDrift, Present]:
    """In the ledger, unless nothing is known for sure: that some stacks are clean says nothing of the others. Gives the
    present after it as well; `known` is what is known of it before.
    """
    if found.condition == "unknown" or (found.condition == "clean" and not found.whole):
        return found, known

    def decide(present: Present) -> Event | None:
        here = present.of(found.environment)
        if here.current is None or here.current.seq != found.deployment or here.unfinished:
            # What was looked at is not what runs there now.
            return None
        return DriftChecked(found.environment, found.release, found.drifted, found.named[:NAMED])

    try:
        known, _ = journal.append(ports, decide, after=known)
    except EnvctlError as error:
        # What was found is worth telling although the guards will not know of it.
        found = replace(found, problems=tuple(error.problems))
    return found, known


def next_step(found: EnvironmentDrift) -> str:
    if found.drifted:
        return f"envctl drift {found.environment} --fix"
    return f"envctl apply {found.environment}" if found.pending else ""
