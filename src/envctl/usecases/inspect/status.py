"""`envctl status`: the running release, its deployment, lag and next command for each environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

from envctl.domain.config.project import Project
from envctl.domain.guards import Request, count_missing_at_gates, count_required_approvals
from envctl.domain.guards.plan import has_exceeded_approval
from envctl.domain.guards.provenance import list_other_deployments
from envctl.domain.guards.rule_views import check_stopped_deployment
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import Deployment, EnvironmentState, LedgerState, Unbelieved
from envctl.domain.release.distance import measure_lag
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rules.changes import list_differences
from envctl.domain.rules.document import build_rules_document, find_rules
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.pending_changes import PendingChanges, ReadBundle, find_pending_changes
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.ledger_store import release_key
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.project.removed_environments import GoneEnvironment, find_gone
from envctl.usecases.release import deploy_request, release_store


@dataclass(frozen=True)
class EnvironmentStatus:
    """The status of one environment.

    Attributes:
        lag: the number of releases behind the environment before it; None if not comparable.
        gates: approvals given and required for the next promotion.
        pending: differences of the working tree; None without a running release.
        rules_changed, rules_differ: differences of the recorded rules from earlier ones, and from envctl.toml.
        leaving: its stacks missing from the running release.
        previous: the environment before it in the pipeline; empty for the entry, and beside the pipeline.
        labels: what people know the releases by that run, were tried last, or are on hold there.
    """

    environment: str
    present: EnvironmentState
    release: KnownRelease | None
    lag: int | None
    gates: Mapping[str, tuple[int, int]]
    next: str
    pending: PendingChanges | None = None
    rules_changed: tuple[str, ...] = ()
    rules_differ: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    previous: str = ""
    labels: Mapping[str, ReleaseLabel] = field(default_factory=dict)


@dataclass(frozen=True)
class Status:
    """The status of the pipeline and of the environments beside it. `unbelieved` are the last entries without effect,
    and `gone` are environments with stacks, removed from envctl.toml.
    """

    project: str
    now: datetime
    environments: tuple[EnvironmentStatus, ...]
    unbelieved: tuple[Unbelieved, ...] = ()
    beside: tuple[EnvironmentStatus, ...] = ()
    gone: tuple[GoneEnvironment, ...] = ()

    @property
    def all_environments(self) -> tuple[EnvironmentStatus, ...]:
        return (*self.environments, *self.beside)


def load_status(ports: Ports, environments: Sequence[str] = ()) -> Status:
    """Load the status, of these environments only if any are named. Raises UsageError for an unknown one."""
    context = Context(ports, load.load_project(ports))
    wanted = load.find_environments(context, environments)
    status = build_status(context, journal.load(ports))
    if not environments:
        return status
    shown, beside = (
        tuple(each for each in group if each.environment in wanted) for group in (status.environments, status.beside)
    )
    return replace(status, environments=shown, beside=beside, gone=())


def build_status(context: Context, present: LedgerState) -> Status:
    """Build the status from the ledger state, fetching the bundles of running releases at once."""
    running = {there.current.release for there in present.environments.values() if there.current}
    with context.ports.store.prefetch([release_key(release) for release in sorted(running)], []):
        return _build_from_bundles(context, present)


def _build_from_bundles(context: Context, present: LedgerState) -> Status:
    project = context.project
    read = cache(lambda release: release_store.load_bundle(context.ports, release)[:2])
    shown = tuple(_build_environment_status(context, present, name, read) for name in project.pipeline.order)
    beside = tuple(
        _build_environment_status(Context(context.ports, project.view_for(name)), present, name, read)
        for name in project.standalone
    )
    gone = find_gone(project, present)
    return Status(project.name, context.ports.clock.now(), shown, present.unbelieved, beside, gone)


def _build_environment_status(
    context: Context, present: LedgerState, environment: str, read: ReadBundle
) -> EnvironmentStatus:
    project = context.project
    here = present.find_environment(environment)
    release = present.releases.get(here.current.release) if here.current else None
    behind = measure_lag(project.pipeline.order, present, environment)
    gate_counts = _count_approvals(context, present, environment) if behind else {}
    # An unsaved state can be recovered only on its own machine.
    unsaved = here.last is not None and context.ports.workspace.has_unsaved_state(environment)
    needs_recovery = unsaved or here.unfinished_deployment or here.open_shifts or here.imports
    pending = find_pending_changes(context, present, environment, read)
    leaving = _list_leaving_stacks(here, read)
    command = (
        (f"envctl recover {environment}" if needs_recovery else "")
        or _find_approve_command(context, present, environment)
        or _find_next_command(project, present, environment, behind)
        or _find_change_command(project, environment, pending)
        or (f"envctl apply {environment}" if leaving else "")
    )
    rules = _list_rule_changes(context, here, environment)
    previous = project.pipeline.find_previous(environment) or ""
    named = [*here.holds, *(each.release for each in (here.current, here.last, *here.debts) if each)]
    labels = {name: label for name in sorted(set(named)) if (label := present.find_label(name))}
    return EnvironmentStatus(
        environment, here, release, behind, gate_counts, command, pending, *rules, leaving, previous, labels
    )


def _list_rule_changes(
    context: Context, here: EnvironmentState, environment: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return changes of the recorded rules, and differences of envctl.toml. In the entry, branches may differ."""
    recorded, tree = here.rules, build_rules_document(context.project, environment)
    if recorded is None or tree.is_entry:
        return (), ()
    pair = (recorded.before, recorded.digest)
    changed = rules_store.list_rule_changes(context.ports, [pair]).get(pair, ())
    if recorded.digest == tree.digest:
        return changed, ()
    known = rules_store.RULES.load_documents(context.ports, [recorded.digest])
    differ = list_differences(known[recorded.digest], tree) if known else ("the recorded rules are missing or damaged",)
    return changed, differ


def _list_leaving_stacks(here: EnvironmentState, read: ReadBundle) -> tuple[str, ...]:
    """Return the stacks missing from the running release; none if its bundle is unreadable."""
    release = read(here.current.release)[1] if here.whole and here.current else None
    if release is None:
        # After an incomplete deployment, the next one continues with the existing stacks.
        return ()
    return tuple(sorted(here.stacks - release.wiring.stacks.keys()))


def _find_change_command(project: Project, environment: str, pending: PendingChanges | None) -> str:
    """Return the command for pending changes: apply new code in the entry, plan new settings elsewhere."""
    if pending is None or "changed" not in {part.state for part in (pending.settings, pending.code) if part}:
        return ""
    return f"envctl apply {environment}" if environment == project.entry else f"envctl plan {environment}"


def _count_approvals(context: Context, present: LedgerState, environment: str) -> dict[str, tuple[int, int]]:
    project = context.project
    source = project.pipeline.find_previous(environment)
    recorded = present.find_environment(environment).rules
    others = recorded is not None and recorded.digest != build_rules_document(project, environment).digest
    if source is None or not (find_rules(project, environment).approvals or others):
        return {}
    request = deploy_request.build_promotion(context, present, source=source, target=environment).request
    missing = count_missing_at_gates(request)
    return {gate: (count - missing[gate], count) for gate, count in count_required_approvals(request).items()}


def _find_next_command(project: Project, present: LedgerState, environment: str, behind: int | None) -> str:
    here, before = present.find_environment(environment), project.pipeline.find_previous(environment)
    if before is None:
        return _find_verify_command(here, environment) if here.whole else f"envctl apply {environment}"
    source = present.find_environment(before)
    if behind and source.whole and source.current:
        release = source.current.release
        others, entry = list_other_deployments(here, release), project.pipeline.entry
        is_newer_there = any(present.is_older(before, entry, release, each.release) for each in others)
        is_blocked = release in here.holds or is_newer_there
        return f"envctl why {environment}" if is_blocked else project.pipeline.format_deploy_command(environment)
    if here.whole:
        return _find_verify_command(here, environment)
    return _find_resume_command(here, environment)


def _find_resume_command(here: EnvironmentState, environment: str) -> str:
    """Return the command to continue the last deployment, if no newer release comes next."""
    last, current = here.last, here.current
    if last is None or (current is None and last.action == "destroy"):
        return ""
    if last.action == "rollback" and last.outcome != "succeeded":
        return f"envctl rollback {environment}"
    if last.action == "promote" and not (current and current.release == last.release):
        return f"envctl promote {last.source} {environment} --release {shorten_id(last.release)}"
    return f"envctl apply {environment}"


def _find_approve_command(context: Context, present: LedgerState, environment: str) -> str:
    """Return the command to approve the rest of a deployment that exceeded its approved plan. It is empty if another
    release comes next.
    """
    last, before = present.find_environment(environment).last, context.project.pipeline.find_previous(environment)
    if last is None or not has_exceeded_approval(last):
        return ""
    source = present.find_environment(before).current if before else None
    if last.action == "promote" and source is not None and source.release != last.release:
        return ""
    # Counted without an actor: guards would leave out the actor's own approval.
    request = _rebuild_last_request(context, present, last, environment)
    rest = check_stopped_deployment(replace(request, actor=Actor("")))
    return rest.hint if rest else ""


def _rebuild_last_request(context: Context, present: LedgerState, last: Deployment, environment: str) -> Request:
    """Rebuild the request of the last deployment with today's rules and settings."""
    release = last.release
    if last.action == "promote":
        source = last.source
        return deploy_request.build_promotion(
            context, present, source=source, target=environment, release=release
        ).request
    return deploy_request.build_redeployment(context, present, target=environment, release=release).request


def _find_verify_command(here: EnvironmentState, environment: str) -> str:
    """Return the command to verify an unverified release: it blocks the next environment."""
    return "" if here.current_evidence is None or here.current_evidence.verified else f"envctl verify {environment}"
