"""`envctl status`: the pipeline with what runs where, since when, by whom, and how far each environment lags."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from envctl.domain.config.project import Project
from envctl.domain.guards import Request, count_asked, gates
from envctl.domain.guards.both_gates import find_rest
from envctl.domain.guards.older import find_newer_there
from envctl.domain.guards.plan import was_stopped
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Deployment, EnvironmentPresent, KnownRelease, Present, Unbelieved
from envctl.domain.release.distance import lag
from envctl.domain.rules.changes import list_differences
from envctl.domain.rules.document import describe_rules, find_rules
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.pending_changes import PendingChanges, ReadBundle, find_pending_changes
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.project.removed_environments import GoneEnvironment, find_gone
from envctl.usecases.release import bundle_store, deploy_request


@dataclass(frozen=True)
class EnvironmentStatus:
    """`lag` is how many releases it is behind the environment before; None where there is nothing to compare.

    `gates` are those of the next promotion into it: approvals given, approvals asked for. `pending` is how the working
    tree compares with what runs; None where nothing runs. `rules_changed` is what the recorded rules say otherwise than
    those before them, and `rules_differ` what envctl.toml says otherwise than the recorded ones.
    `leaving` are stacks that it holds, and that the release which runs has no more.
    """

    environment: str
    present: EnvironmentPresent
    release: KnownRelease | None
    lag: int | None
    gates: Mapping[str, tuple[int, int]]
    next: str
    pending: PendingChanges | None = None
    rules_changed: tuple[str, ...] = ()
    rules_differ: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()


@dataclass(frozen=True)
class Status:
    """`environments` are those of the pipeline, `beside` those that stand beside it, and `unbelieved` the last entries
    of the ledger that do not count. `gone` are environments that the project file names no more, and that hold stacks.
    """

    project: str
    now: datetime
    environments: tuple[EnvironmentStatus, ...]
    unbelieved: tuple[Unbelieved, ...] = ()
    beside: tuple[EnvironmentStatus, ...] = ()
    gone: tuple[GoneEnvironment, ...] = ()

    @property
    def everywhere(self) -> tuple[EnvironmentStatus, ...]:
        return (*self.environments, *self.beside)


def status(ports: Ports) -> Status:
    return standing(ports, load.project(ports), journal.present(ports))


def standing(ports: Ports, project: Project, present: Present) -> Status:
    """How things stand in that present. The bundles of what runs are fetched at once."""
    running = {there.current.release for there in present.environments.values() if there.current}
    with ports.store.fetching([bundle_store.key(release) for release in sorted(running)], []):
        return _standing(ports, project, present)


def _standing(ports: Ports, project: Project, present: Present) -> Status:
    read = cache(lambda release: bundle_store.look(ports, release)[:2])
    shown = tuple(_of(ports, project, present, environment, read) for environment in project.pipeline.order)
    beside = tuple(_of(ports, project.seen_from(name), present, name, read) for name in project.beside)
    gone = find_gone(project, present)
    return Status(project.name, ports.clock.now(), shown, present.unbelieved, beside, gone)


def _of(ports: Ports, project: Project, present: Present, environment: str, read: ReadBundle) -> EnvironmentStatus:
    there = present.of(environment)
    release = present.releases.get(there.current.release) if there.current else None
    behind = lag(project.pipeline.order, present, environment)
    open_gates = _gates(ports, project, present, environment) if behind else {}
    # Only where it lies can it be put in its place: who looks from elsewhere is told the rest.
    unsaved = there.last is not None and ports.workspace.unsaved(environment)
    lost = unsaved or there.unfinished or there.shifts or there.imports
    way_on = f"envctl recover {environment}" if lost else _approve_rest(ports, project, present, environment)
    way_on = way_on or _next(project, present, environment, behind)
    pending = find_pending_changes(ports, project, present, environment, read)
    leaving = _leaving(there, read)
    way_on = way_on or _deploy_changes(project, environment, pending)
    if leaving and not way_on:
        way_on = f"envctl apply {environment}"
    rules = _rules(ports, project, there, environment)
    return EnvironmentStatus(environment, there, release, behind, open_gates, way_on, pending, *rules, leaving)


def _rules(
    ports: Ports, project: Project, there: EnvironmentPresent, environment: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What changed with the recorded rules, and what envctl.toml says otherwise. Where code enters, branches differ."""
    recorded, tree = there.rules, describe_rules(project, environment)
    if recorded is None or tree.is_entry:
        return (), ()
    pair = (recorded.before, recorded.digest)
    changed = rules_store.list_changes(ports, [pair]).get(pair, ())
    if recorded.digest == tree.digest:
        return changed, ()
    known = rules_store.look(ports, [recorded.digest])
    differ = list_differences(known[recorded.digest], tree) if known else ("the recorded rules are missing or damaged",)
    return changed, differ


def _leaving(there: EnvironmentPresent, read: ReadBundle) -> tuple[str, ...]:
    """Nothing where the release can't be read: that is said already."""
    release = read(there.current.release)[1] if there.whole and there.current else None
    if release is None:
        # Where a deployment did not end, the next one goes on with what is there.
        return ()
    return tuple(sorted(there.stacks - release.wiring.stacks.keys()))


def _deploy_changes(project: Project, environment: str, pending: PendingChanges | None) -> str:
    """Code enters by an apply. Settings are looked at first."""
    if pending is None or "changed" not in {part.state for part in (pending.settings, pending.code) if part}:
        return ""
    return f"envctl apply {environment}" if environment == project.entry else f"envctl plan {environment}"


def _gates(ports: Ports, project: Project, present: Present, environment: str) -> dict[str, tuple[int, int]]:
    source = project.pipeline.before(environment)
    recorded = present.of(environment).rules
    others = recorded is not None and recorded.digest != describe_rules(project, environment).digest
    if source is None or not (find_rules(project, environment).approvals or others):
        return {}
    request = deploy_request.promotion(ports, project, present, source=source, target=environment).request
    missing = gates(request)
    return {gate: (count - missing[gate], count) for gate, count in count_asked(request).items()}


def _next(project: Project, present: Present, environment: str, behind: int | None) -> str:
    there, before = present.of(environment), project.pipeline.before(environment)
    if before is None:
        return _prove(there, environment) if there.whole else f"envctl apply {environment}"
    source = present.of(before)
    if behind and source.whole and source.current:
        release = source.current.release
        stands_against = release in there.holds or find_newer_there(present, project.pipeline, environment, release)
        return f"envctl why {environment}" if stands_against else project.pipeline.way_into(environment)
    if there.whole:
        return _prove(there, environment)
    return _go_on(there, environment)


def _go_on(there: EnvironmentPresent, environment: str) -> str:
    """The command that goes on with the last deployment, where nothing newer is to come."""
    last, current = there.last, there.current
    if last is None or (current is None and last.action == "destroy"):
        return ""
    if last.action == "rollback" and last.outcome != "succeeded":
        return f"envctl rollback {environment}"
    if last.action == "promote" and not (current and current.release == last.release):
        return f"envctl promote {last.source} {environment} --release {short(last.release)}"
    return f"envctl apply {environment}"


def _approve_rest(ports: Ports, project: Project, present: Present, environment: str) -> str:
    """Where a deployment stopped since a plan held more than was approved, the rest has to be approved first; unless
    another release comes next.
    """
    last, before = present.of(environment).last, project.pipeline.before(environment)
    if last is None or not was_stopped(last):
        return ""
    source = present.of(before).current if before else None
    if last.action == "promote" and source is not None and source.release != last.release:
        return ""
    # Counted as for somebody else, so that one's own approval shows as given.
    rest = find_rest(replace(_begun(ports, project, present, last, environment), actor=Actor("")))
    return rest.hint if rest else ""


def _begun(ports: Ports, project: Project, present: Present, last: Deployment, environment: str) -> Request:
    """What the last deployment of an environment asked for, as it would be asked for today."""
    if last.action == "promote":
        what = (ports, project, present)
        return deploy_request.promotion(*what, source=last.source, target=environment, release=last.release).request
    return deploy_request.redeployment(ports, project, present, target=environment, release=last.release).request


def _prove(there: EnvironmentPresent, environment: str) -> str:
    """What runs and is not proven holds the next environment up."""
    return "" if there.proof is None or there.proof.verified else f"envctl verify {environment}"
