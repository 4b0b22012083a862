"""What is known of a deployment after each of its stages, and what its guards have said so far.

There is one type each, so that mypy proves their order: `DeployRequest` → `SelectedRelease` → `InitializedRelease` →
`PlannedDeployment` → `Attempt`. All but the last are immutable.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import GUARDS, Refusal, RefusedError, Request, check_guards, defer_approvals, list_unwaivable
from envctl.domain.guards.waivers import describe_waiver, find_waiver
from envctl.domain.ledger.events import WaiverUsed
from envctl.domain.ledger.state import Deployment, DriftCheck, GivenWaiver, LedgerState
from envctl.domain.plan.changes import Action, Changeover, EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import select_finished
from envctl.domain.release.bundle import Release
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rollout.traffic import Traffic
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.account import account_check, secret_check
from envctl.usecases.concurrency.dag_runner import ALL_STACKS
from envctl.usecases.deployment.request import DeployRequest
from envctl.usecases.deployment.rollout_model import RolledOut, Share, StackRollout
from envctl.usecases.deployment.verification import Verification
from envctl.usecases.ledger import journal, ledger_store, rules_store
from envctl.usecases.ledger.change_authors import add_authors
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import PreparedEnvironment
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import moved_places

_PLAN_GUARDS = frozenset(guard.code for guard in GUARDS if guard.needs_plan)
_ACCOUNT_GUARDS = frozenset(guard.code for guard in GUARDS if guard.needs_account)


@dataclass
class GuardRunner:
    """Checks the guards of one deployment, and collects what they say."""

    deployment: DeployRequest
    warnings: dict[str, Refusal] = field(default_factory=dict)  # by code
    waived: dict[str, Refusal] = field(default_factory=dict)  # by code
    given: GivenWaiver | None = None  # what a person let it override
    recorded: int = 0  # number of the given waiver that an entry says to be used
    disbelieved: set[int] = field(default_factory=set)  # reported numbers of untrusted ledger entries

    def enforce_guards(self, request: Request, present: LedgerState, plan: EnvironmentPlan | None = None) -> Request:
        """Return the request as guards saw it, each warning once. Raise RefusedError with all refusals not waived."""
        ports, options = self.deployment.context.ports, self.deployment.options
        if not options.dry_run:
            ledger_store.check_clock(ports)
        now = ports.clock.now() if options.dry_run else ledger_store.read_store_time(ports)
        request = replace(request, present=present, now=now, plan=plan, older=options.older, partial=options.partial)
        # The recorded rules may have changed meanwhile.
        request = add_authors(self.deployment.context, rules_store.complete_request(ports, request))
        for each in present.unbelieved:
            if each.seq not in self.disbelieved:
                self.disbelieved.add(each.seq)
                ports.observer.on_message(f"{each} is not trusted: {each.why}")
        refused = self._select_refusals(check_guards(request))
        if plan is None:
            # A guard tells of approved moves first. No approval makes a new name of an old environment right.
            moved_places.require_place(self.deployment.context, present, request.target, only_name=bool(refused))
        # The plan decides of selected stacks, and break-glass goes on where a deployment would stop.
        if options.break_glass or (plan is None and options.selection != ALL_STACKS):
            refused = tuple(each for each in refused if each.code is not GuardCode.PARTIAL)
        self._waive_or_refuse(request, refused)
        return request

    def enforce_account_guards(self, request: Request, release: Release, settings: EnvironmentSettings) -> Request:
        """Return the request with the findings in the target's account.

        Check the guards needing it: first for the right account, then for its images and secrets.
        """
        context, target = self.deployment.context, self.deployment.target
        request = replace(request, caller=account_check.find_caller(context, target))
        self._waive_or_refuse(request, self._select_refusals(check_guards(request), _ACCOUNT_GUARDS))
        request = add_findings(context, request, release, settings)
        self._waive_or_refuse(request, self._select_refusals(check_guards(request), _ACCOUNT_GUARDS))
        return request

    def recheck_plan_guards(self, request: Request, plan: EnvironmentPlan, started: int) -> None:
        """Check the plan guards about a replanned stack, and record new waivers at once."""
        request, before = replace(request, plan=plan), set(self.waived)
        found = self._select_refusals(check_guards(request), _PLAN_GUARDS)
        refused = tuple(_describe_midway(request, each) for each in found)
        self._waive_or_refuse(request, refused)
        self.record_waiver(request, [each for each in refused if each.code not in before], started)

    def record_waiver(self, request: Request, refused: Collection[Refusal], started: int = 0) -> int:
        """Record the waived refusals and the reason. Return the number of the entry, or 0 without waivers."""
        if not refused:
            return 0
        codes, messages = tuple(each.code for each in refused), tuple(each.message for each in refused)
        reason, given = self.deployment.options.break_glass, self.given
        waiver = WaiverUsed(
            environment=request.target,
            release=request.identity,
            reason=reason,
            guards=codes,
            refusals=messages,
            started=started,
        )
        if given is not None:
            self.recorded = given.number
            waiver = replace(waiver, reason=given.reason, given=given.number, giver=given.by.name)
        return journal.append_event(self.deployment.context.ports, lambda _: waiver).seq

    def _select_refusals(
        self, remarks: tuple[Refusal, ...], codes: frozenset[str] = frozenset()
    ) -> tuple[Refusal, ...]:
        """Return the refusals, of all guards or of those named. Report the warnings of all."""
        for remark in remarks:
            if remark.warns and self.warnings.get(remark.code) != remark:
                self.warnings[remark.code] = remark
                message = f"{remark.code} {remark.guard} warns: {remark.message}"
                self.deployment.context.ports.observer.on_message(message)
        return tuple(each for each in remarks if not each.warns and (not codes or each.code in codes))

    def _waive_or_refuse(self, request: Request, refused: tuple[Refusal, ...]) -> None:
        if not refused:
            return
        if not self.deployment.options.break_glass and not self._find_given(request, refused):
            raise RefusedError(defer_approvals(refused))
        if stubborn := list_unwaivable(request, refused):
            refusals = []
            for each in defer_approvals(stubborn):
                why = f"{request.target} does not list it as waivable" if each.waivable else "it can't be waived"
                message = f"{each.message} (not overridable by break-glass: {why})"
                refusals.append(replace(each, message=message))
            raise RefusedError(tuple(refusals))
        self.waived.update({refusal.code: refusal for refusal in refused})

    def _find_given(self, request: Request, refused: tuple[Refusal, ...]) -> bool:
        """Find the waiver that a person gave for all refusals of this deployment so far. Report it."""
        ports, target = self.deployment.context.ports, request.target
        if not ports.trust.has_people_key(target, request.present.seq + 1):
            return False
        found = find_waiver(request, {*self.waived, *(each.code for each in refused)}, self.recorded)
        if found is not None and found != self.given:
            self.given = found
            ports.observer.on_message(describe_waiver(found, request.now))
        return found is not None


def _describe_midway(request: Request, refusal: Refusal) -> Refusal:
    """Add to a temporary refusal that the deployment can continue after an approval, without recovery."""
    if not refusal.for_now:
        return refusal
    message = f"{refusal.message}; {request.target} keeps the applied changes, and the rest continues after approval"
    return replace(refusal, message=message)


def add_findings(
    context: Context, request: Request, release: Release, settings: EnvironmentSettings | None = None
) -> Request:
    """Return the request with the images and secrets found, except for `destroy`. Check the account before."""
    if request.action == "destroy":
        return request
    target, wiring = request.target, release.wiring
    given, patterns = settings or load_settings(context, target, wiring), context.project.secrets
    return replace(
        request,
        images=account_check.find_images(context, target, release),
        secrets=secret_check.find_secrets(context, target, given, wiring.schema)
        if patterns.secretsmanager or patterns.ssm or patterns.values
        else (),
    )


@dataclass(frozen=True)
class WorkingTreeRelease:
    """The release of the working tree before it has an identity, with its initialized root modules."""

    request: DeployRequest
    release: Release
    settings: EnvironmentSettings
    environment: PreparedEnvironment
    only: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class SelectedRelease:
    """The release to deploy."""

    request: DeployRequest
    guards: GuardRunner  # the guards of this deployment, with what they have said so far
    guard_request: Request  # what the guards know of it
    release: Release
    bundle: bytes
    settings: EnvironmentSettings
    only: tuple[str, ...]  # the selected stacks, if not all of the release
    label: ReleaseLabel | None  # what people know the release by; None if not recorded


@dataclass(frozen=True, kw_only=True)
class InitializedRelease(SelectedRelease):
    """The release with its root modules in `environment`, written and initialized."""

    environment: PreparedEnvironment


@dataclass(frozen=True, kw_only=True)
class PlannedDeployment:
    """The plans of all selected stacks."""

    prepared: InitializedRelease
    plans: Mapping[str, StackPlan]
    seen: Deployment | None  # the last deployment of the target at planning time
    drifted: DriftCheck | None  # its last drift check, if that found drift
    traffic: Mapping[str, Traffic]  # the recorded traffic by stack
    rollouts: Mapping[str, StackRollout]  # the planned rollouts by stack
    moves: Mapping[str, str]  # state moves, new name to old name
    lost: tuple[str, ...]  # stacks to destroy with a lost state
    is_up_to_date: bool = False
    held: str = ""  # the release put on hold by this rollback
    creates_confirmed: bool = False  # stacks without a plan yet are confirmed, as far as they only create

    @property
    def plan(self) -> EnvironmentPlan:
        return join_plans(self.prepared, self.plans)


@dataclass(frozen=True)
class UpToDate:
    """The early end of a deployment without anything to do."""

    planned: PlannedDeployment
    verification: Verification | None


@dataclass
class RolloutProgress:
    """A rollout in progress."""

    rollout: StackRollout
    shares: list[Share] = field(default_factory=list)  # its traffic shifts so far
    highest_percent: int = 0  # the highest possible traffic weight of the new color
    is_restored: bool = False  # its traffic was restored, recorded or not

    @property
    def percent(self) -> int:
        """The traffic weight of the new color."""
        return self.shares[-1].percent if self.shares else 0


@dataclass(kw_only=True)
class Attempt:
    """A deployment with a recorded start. It changes while stacks are applied."""

    planned: PlannedDeployment
    guard_request: Request
    plans: dict[str, StackPlan]  # the plans by stack, replaced where a stack is replanned
    started: int = 0  # the number of the ledger entry of the start
    # new names whose old states may remain from an interrupted deployment, each with the old name
    leftovers: Mapping[str, str] = field(default_factory=dict)
    creates: tuple[str, ...] = ()  # stacks never applied before
    clusters: tuple[str, ...] = ()  # the clusters recorded at the start
    begun: set[str] = field(default_factory=set)  # stacks with at least one started apply
    # by stack, address and action of what its applies have finished
    finished: dict[str, set[tuple[str, Action]]] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)  # applied stacks
    gone: list[str] = field(default_factory=list)  # destroyed leaving stacks
    moved: set[str] = field(default_factory=set)  # new names already used in the root modules
    is_complete: bool = False  # all stacks are applied: from here on, no error makes it a failed deployment
    shifting: dict[str, RolloutProgress] = field(default_factory=dict)  # the rollouts in progress, by stack
    rolled_out: list[RolledOut] = field(default_factory=list)
    muted: set[str] = field(default_factory=set)  # alarms reported to have no data
    remaining: tuple[str, ...] = ()  # the names still drifted after a fix
    verification: Verification | None = None

    @property
    def request(self) -> DeployRequest:
        return self.planned.prepared.request

    @property
    def prepared(self) -> InitializedRelease:
        return self.planned.prepared

    @property
    def plan(self) -> EnvironmentPlan:
        return join_plans(self.prepared, self.plans)

    @property
    def changeover(self) -> Changeover:
        """Return the changeover for rendering root modules, without the moves already done."""
        over = self.guard_request.changeover
        return replace(over, moves={new: old for new, old in over.moves.items() if new not in self.moved})

    def list_finished_plans(self) -> list[StackPlan]:
        """Return the plans of all applied and destroyed stacks, and the finished part of those that stopped."""
        whole = (*self.applied, *self.gone)
        parts = {name: done for name, done in self.finished.items() if name not in whole}
        return [*(self.plans[name] for name in whole), *(select_finished(self.plans[n], d) for n, d in parts.items())]

    def apply_stack(self, name: str) -> None:
        """Apply the saved plan of a stack, and note what it finishes."""
        self.begun.add(name)
        done = self.finished.setdefault(name, set())
        stack, target = self.prepared.environment.find_stack(name), self.request.target
        self.request.context.ports.terraform.apply(target, stack, lambda address, action: done.add((address, action)))


def join_plans(prepared: InitializedRelease, plans: Mapping[str, StackPlan]) -> EnvironmentPlan:
    target, identity = prepared.request.target, prepared.guard_request.identity
    return EnvironmentPlan(environment=target, release=identity, stacks=tuple(plans.values()), label=prepared.label)
