"""`envctl status`: the running release, its deployment, lag and next command for each environment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards.gate_approvals import GateApprovals, list_gate_approvals
from envctl.domain.ledger.events import ANONYMOUS
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import DistrustedEntry, EnvironmentState, ForeignObject, LedgerState, NewerEntries
from envctl.domain.next_step.condition import Condition, find_condition
from envctl.domain.next_step.situation import NextStep
from envctl.domain.release.comparison.distance import measure_lag
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rules.changes import list_differences
from envctl.domain.rules.document import build_rules_document, find_rules
from envctl.domain.text.durations import format_duration, format_rough_duration
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.ledger_store import release_key
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import GoneEnvironment, find_environments, find_gone
from envctl.usecases.project.terraform_program import has_unpinned_program
from envctl.usecases.project.unsigned_gates import list_unsigned_environments
from envctl.usecases.release import deploy_request
from envctl.usecases.release.moved_places import MOVED
from envctl.usecases.release.next_steps import Adviser, build_adviser
from envctl.usecases.release.pending_changes import PendingChanges


@dataclass(frozen=True, kw_only=True)
class EnvironmentStatus:
    """The status of one environment."""

    environment: str
    present: EnvironmentState
    release: KnownRelease | None
    lag: int | None  # the number of releases behind the environment before it; None if not comparable
    # approvals given and required for the next promotion; `approvals` has more about each
    gates: Mapping[str, tuple[int, int]]
    next: str  # the first command of the next steps; empty if there is none
    pending: PendingChanges | None = None  # differences of the working tree; None without a running release
    # rules_changed and rules_differ: differences of the recorded rules from earlier ones, and from envctl.toml.
    rules_changed: tuple[str, ...] = ()
    rules_differ: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()  # its stacks missing from the running release
    previous: str = ""  # the environment before it in the pipeline; empty for the entry, and outside the pipeline
    steps: tuple[NextStep, ...] = ()  # the next steps, with reasons
    running: str = ""  # the command at work on its unfinished deployment, on this machine
    # what people know the releases by that run, were tried last, or are on hold there
    labels: Mapping[str, ReleaseLabel] = field(default_factory=dict)
    # by gate, who approved the next promotion until when, and who can give what is missing
    approvals: Mapping[str, GateApprovals] = field(default_factory=dict)
    moved: str = ""  # how its place in envctl.toml differs from that of its last deployment, with entry and line

    @property
    def has_changed(self) -> bool:
        """True if the working tree has other settings or code than the running release."""
        parts = (self.pending.settings, self.pending.code) if self.pending else ()
        return any(part.state == "changed" for part in parts if part)

    @property
    def state(self) -> Condition:
        """The condition in one word; of several, the one to take care of first."""
        return find_condition(
            self.present, self.lag, changed=self.has_changed or bool(self.moved), running=bool(self.running)
        )


@dataclass(frozen=True, kw_only=True)
class Status:
    """The status of the pipeline and of the environments beside it."""

    project: str
    now: datetime
    environments: tuple[EnvironmentStatus, ...]
    unbelieved: tuple[DistrustedEntry, ...] = ()  # the last entries without effect
    beside: tuple[EnvironmentStatus, ...] = ()
    gone: tuple[GoneEnvironment, ...] = ()  # environments with stacks, removed from envctl.toml
    unpinned: bool = False  # whether real accounts run a Terraform that `[terraform.pin]` does not name
    newer: NewerEntries | None = None  # entries that this envctl can't read; the status is that before them
    foreign: tuple[ForeignObject, ...] = ()  # objects beside the entries, since the last checkpoint
    unsigned: tuple[str, ...] = ()  # environments without a signing_key: who wrote their entries is not verified

    @property
    def all_environments(self) -> tuple[EnvironmentStatus, ...]:
        return (*self.environments, *self.beside)


def load_status(ports: Ports, environments: Sequence[str] = ()) -> Status:
    """Load the status, of these environments only if any are named. Raises UsageError for an unknown one."""
    context = Context(ports, project_file.load_project(ports))
    wanted = find_environments(context, environments)
    status = build_status(context, journal.load(ports, to_show=True))
    if not environments:
        return status
    shown, beside = (
        tuple(each for each in group if each.environment in wanted) for group in (status.environments, status.beside)
    )
    unsigned = tuple(name for name in status.unsigned if name in wanted)
    return replace(status, environments=shown, beside=beside, gone=(), unsigned=unsigned)


def check_drift_age(status: Status, longest: timedelta) -> OperationFailedError | None:
    """Return an error (E329) with each running environment without a drift check for longer than that, if any."""
    problems = []
    for each in status.all_environments:
        checked_at = each.present.drift_checked_at
        # A time in the future comes from a wrong clock, and shows nothing.
        if each.present.current is None or (checked_at and abs(status.now - checked_at) <= longest):
            continue
        message = f"{each.environment} was never checked for drift"
        if checked_at:
            age = format_rough_duration(status.now - checked_at)
            message = (
                f"the last drift check of {each.environment} was {age} ago; the limit is {format_duration(longest)}"
            )
        hint = f"check why the drift job does not run; {format_command('drift', each.environment)} checks it now"
        problems.append(Problem("E329", message, hint))
    return OperationFailedError(*problems) if problems else None


def build_status(context: Context, present: LedgerState) -> Status:
    """Build the status from the ledger state, fetching the bundles of running releases at once."""
    running = {there.current.release for there in present.environments.values() if there.current}
    with context.ports.store.prefetch([release_key(release) for release in sorted(running)], []):
        return _build_from_bundles(context, present)


def _build_from_bundles(context: Context, present: LedgerState) -> Status:
    project = context.project
    adviser = build_adviser(context, present)
    shown = tuple(_build_environment_status(adviser, name) for name in project.pipeline.order)
    views = {name: Context(context.ports, project.view_for(name)) for name in project.standalone}
    beside = tuple(
        _build_environment_status(replace(adviser, context=view, known={}), name) for name, view in views.items()
    )
    gone = find_gone(context, present)
    return Status(
        project=project.name,
        now=context.ports.clock.now(),
        environments=shown,
        unbelieved=present.unbelieved,
        beside=beside,
        gone=gone,
        unpinned=has_unpinned_program(context),
        newer=present.newer,
        foreign=present.foreign,
        unsigned=list_unsigned_environments(context) if present.seq else (),
    )


def _build_environment_status(adviser: Adviser, environment: str) -> EnvironmentStatus:
    context, present = adviser.context, adviser.present
    project, advice = context.project, adviser.advise(environment)
    here = present.find_environment(environment)
    release = present.releases.get(here.current.release) if here.current else None
    behind = measure_lag(project.pipeline.order, present, environment)
    approvals = _list_approvals(context, present, environment) if behind else {}
    named = [*here.holds, *(each.release for each in (here.current, here.last, *here.debts) if each)]
    labels = {name: label for name in sorted(set(named)) if (label := present.find_label(name))}
    changed, differ = _list_rule_changes(context, here, environment)
    return EnvironmentStatus(
        environment=environment,
        present=here,
        release=release,
        lag=behind,
        gates={name: (gate.have, gate.need) for name, gate in approvals.items()},
        next=advice.command,
        pending=advice.pending,
        rules_changed=changed,
        rules_differ=differ,
        leaving=advice.leaving,
        previous=project.pipeline.find_previous(environment) or "",
        steps=advice.steps,
        running=advice.running,
        labels=labels,
        approvals=approvals,
        moved=advice.place.message if advice.place and advice.place.code == MOVED else "",
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


def _list_approvals(context: Context, present: LedgerState, environment: str) -> dict[str, GateApprovals]:
    project = context.project
    source = project.pipeline.find_previous(environment)
    recorded = present.find_environment(environment).rules
    others = recorded is not None and recorded.digest != build_rules_document(project, environment).digest
    if source is None or not (find_rules(project, environment).approvals or others):
        return {}
    request = deploy_request.build_promotion(context, present, source=source, target=environment).request
    # Without an actor: guards would leave out the actor's own approval.
    return list_gate_approvals(replace(request, actor=ANONYMOUS))
