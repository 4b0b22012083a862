"""`envctl approve ENV --gate NAME`: the approval of one plan of one release for one environment by one person."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NoReturn

from envctl.domain import guards
from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import AskedGuards
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import InterruptedByUserError, Problem, UsageError
from envctl.domain.guards.approvals import bind_approval, check_own_run, format_approval, has_expired
from envctl.domain.guards.authors import check_known_authors, describe_part, is_only_author, list_authors
from envctl.domain.guards.gate_approvals import GateApprovals, has_covered_missing, list_gate_approvals
from envctl.domain.guards.rules import find_barring_view
from envctl.domain.guards.target import describe_doubt
from envctl.domain.ledger.approval_binding import ApprovalBinding, read_binding
from envctl.domain.ledger.events import ANONYMOUS, Actor, ApprovalWithdrawn, Event
from envctl.domain.ledger.people.person_names import has_same_name, is_machine, is_named_in, is_schedule
from envctl.domain.ledger.people.principals import build_reviewer
from envctl.domain.ledger.state import LedgerState
from envctl.domain.next_step.find_step import format_deployment
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.plan.fingerprint import PlanFingerprint, fingerprint_plan, to_plan_outline
from envctl.domain.plan.unseen_stacks import (
    check_unseen,
    describe_replanned,
    describe_unseen,
    list_unseen,
    require_known_stacks,
)
from envctl.domain.reading.reading import Reading
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rules.document import find_rules
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.account import secret_values
from envctl.usecases.deployment import prepare, shared_resources
from envctl.usecases.deployment.leaving import leaving_stacks
from envctl.usecases.deployment.planning import add_forecasts, plan_stacks
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ledger.ledger_store import check_clock, read_store_time
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import earlier_states, look_scope, module_checks
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release import deploy_request, moved_places, readings, release_store
from envctl.usecases.release.next_steps import Adviser, build_adviser, list_waiting
from envctl.usecases.release.release_names import find_release

# Guards that must pass before a plan can be made: the bundle is intact, and the settings fit it.
ASKS = AskedGuards(
    frozenset({GuardCode.PROVENANCE, GuardCode.SETTINGS}),
    "an approval is what other guards ask for; it changes no environment",
)
# Guards with something to say about the plan itself, or about a return to an older release.
_PLAN_REMARKS = frozenset(
    {
        GuardCode.DRIFT,
        GuardCode.OLDER,
        GuardCode.LOCK,
        GuardCode.ACCOUNT,
        GuardCode.PROTECTION,
        GuardCode.REHEARSED,
        GuardCode.KNOWN_STATE,
        GuardCode.REMOVED,
    }
)


@dataclass(frozen=True, kw_only=True)
class ApprovalResult:
    """An approval as the ledger has it now."""

    environment: str
    gate: str
    release: str
    by: Actor
    already: bool  # the same person had approved the same plan before
    missing: dict[str, int]  # the number of missing approvals by gate
    next: str
    plan: str = ""
    notes: tuple[str, ...] = ()
    place: str = ""  # place and where: the digest of the place to apply the plan in, and its description.
    where: str = ""
    # stacks without a plan, each with the stacks it waits for
    not_seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()  # stacks approved without a plan
    # by gate, who approved until when, and who can give what is missing
    approvals: Mapping[str, GateApprovals] = field(default_factory=dict)
    reading: str = ""  # the digest of the page that was read
    expires_at: datetime | None = None  # the end of this approval; None if it does not expire
    label: ReleaseLabel | None = None  # what people know the release by; None if not recorded


@dataclass(frozen=True)
class WithdrawalResult:
    """A withdrawal. `withdrawn` is false if the person had no approval there."""

    environment: str
    gate: str
    release: str
    by: Actor
    withdrawn: bool
    label: ReleaseLabel | None = None


def approve_plan(
    ports: Ports,
    environment: str,
    gate: str,
    *,
    release: str | None = None,
    fingerprint: str | None = None,
    unseen: Sequence[str] = (),
) -> ApprovalResult:
    """Plan, show the plan, ask for consent, and record the approval of exactly this plan.

    With a fingerprint, show the stored plan instead of planning: its approver needs no access to the environment.
    `unseen` names stacks to approve before they can be planned. Raises InterruptedByUserError (E310) if declined.
    """
    ports.store.prefetch_time()
    context, target = load_context(ports, environment)
    candidate = find_gated_candidate(context, target, release, gate)
    check_clock(ports)
    _check_may_approve(candidate.request, gate, unseen)
    found = candidate.require_fitting()
    require_known_stacks(unseen, candidate.request.needs)
    if fingerprint is None:
        secret_values.require_values(context, found.settings, gate)
        with lock_target(ports, target, "approve"):
            plan = plan_release(context, found)
        meaning = fingerprint_plan(plan)
        reading = make_release_reading(ports, found, plan, meaning)
    else:
        meaning = release_store.find_plan_by_prefix(ports, fingerprint)
        identity = candidate.request.identity
        plan = to_plan_outline(meaning, target, identity, candidate.request.present.find_label(identity))
        reading = readings.find_reading(ports, found, meaning)
    # The question shows more of it.
    ports.observer.on_plan(plan, shown=False)
    known = candidate.request.approved
    request = replace(candidate.request, plan=plan, approved={**known, meaning.digest: meaning})
    accepted = check_unseen(plan, unseen, format_approval(request, gate))
    notes = (*list_notes(request, plan, accepted), *_describe_own_part(request))
    if not ports.prompter.confirm_approval(plan, reading, gate, notes):
        raise InterruptedByUserError(Problem("E310", "cancelled: not approved", ""))
    release_store.PLACES.save_document(ports, found.place)
    save_rules_document(ports, request)
    stored = release_store.save_approved_plan(ports, meaning)
    read = readings.save_reading(ports, reading)
    binding = bind_approval(request, gate, plan=stored, unseen=accepted, reading=read)
    return replace(_record_approval(context, request, binding), notes=notes, not_seen=list_unseen(plan))


def make_release_reading(
    ports: Ports, found: deploy_request.FittingRelease, plan: EnvironmentPlan, meaning: PlanFingerprint
) -> Reading:
    return readings.make_reading(
        ports, found.request, plan, fingerprint=meaning.digest, settings=found.settings, place=found.place
    )


def withdraw_approval(ports: Ports, environment: str, gate: str, *, release: str | None = None) -> WithdrawalResult:
    """Withdraw the approval of the release at the gate by the same person."""
    context, target = load_context(ports, environment)
    request = find_gated_candidate(context, target, release, gate).request
    identity, label = request.release, request.present.find_label(request.release)
    actor = ports.identity.identify_actor()
    if identity is None:
        return WithdrawalResult(target, gate, "", actor, withdrawn=False)

    def decide(now: LedgerState) -> Event | None:
        given = [a for a in now.find_environment(target).approvals if (a.gate, a.release) == (gate, identity)]
        is_own = any(has_same_name(a.by, actor) for a in given)
        return ApprovalWithdrawn(target, gate, identity) if is_own else None

    _, entry = journal.append(ports, decide)
    return WithdrawalResult(target, gate, identity, actor, entry is not None, label)


def refuse_missing_gate(ports: Ports, environment: str, release: str | None) -> NoReturn:
    """Raise UsageError with the gates of the environment, and the command for the first one without approvals."""
    context, target = load_context(ports, environment)
    request = find_candidate(context, journal.load(ports), target, release).request
    asked = guards.count_required_approvals(request)
    if not asked:
        raise UsageError(
            Problem("E012", f"{target} has no gates, and needs no approval", format_command("why", target))
        )
    missing, _ = find_missing_gates(context, request, list_approvals_now(context, request))
    hint = format_approval(request, next(iter(missing or asked)))
    raise UsageError(Problem("E012", f"--gate is missing; the gates of {target} are {', '.join(asked)}", hint))


def find_gated_candidate(context: Context, target: str, release: str | None, gate: str) -> deploy_request.Candidate:
    """Return the promotion to approve, or new settings if the target runs the release. Raises UsageError (E005)."""
    present = journal.load(context.ports)
    if gate not in find_rules(context.project, target).approvals and not rules_store.list_recorded_digests(present):
        raise _unknown_gate_error(target, gate, find_rules(context.project, target).approvals)
    found = find_candidate(context, present, target, release)
    if gate not in (asked := guards.count_required_approvals(found.request)):
        raise _unknown_gate_error(target, gate, asked)
    return found


def find_candidate(
    context: Context, present: LedgerState, target: str, release: str | None
) -> deploy_request.Candidate:
    identity = find_release(present, release) if release is not None else None
    source, current = context.project.pipeline.find_previous(target), present.find_environment(target).current
    if source is not None and not (identity and current and current.release == identity):
        return deploy_request.build_promotion(context, present, source=source, target=target, release=identity)
    if identity is None:
        message = f"name a release: {target} is the first environment, where releases are made"
        raise UsageError(Problem("E004", message, format_command("approve", target, release="…")))
    return deploy_request.build_redeployment(context, present, target=target, release=identity)


def check_before_approval(request: guards.Request) -> None:
    """Raise RefusedError if no plan can be made, and if not all authors are known in one of the views."""
    unknown = (check_known_authors(request, view.rules) for view in guards.list_views(request))
    refusals = (
        *(refusal for refusal in guards.check_guards(request) if refusal.code in ASKS.codes),
        *dict.fromkeys(refusal for refusal in unknown if refusal),
    )
    if refusals:
        raise guards.RefusedError(refusals)


def _check_may_approve(request: guards.Request, gate: str, unseen: Sequence[str]) -> None:
    check_before_approval(request)
    person, command = request.actor.person_name, format_approval(request, gate, unseen)
    if shared := check_own_run(request, command):
        raise guards.RefusedError((shared,))
    barred = find_barring_view(request, gate, request.actor)
    if barred is None:
        return
    if is_only_author(list_authors(barred), request.actor):
        message = f"{person} {describe_part(barred, request.actor)} and can't approve it"
        hint = f"ask another person: {command}"
        raise guards.RefusedError((guards.Refusal(GuardCode.APPROVALS, message=message, hint=hint),))
    patterns = barred.rules.list_approver_patterns(gate)
    allowed = f"only {' or '.join(patterns)} may"
    if is_schedule(request.actor):
        allowed = "a schedule is no person"
    elif is_machine(request.actor):
        allowed = "apps and bots need a pattern with their exact name"
    message = f"{request.actor} may not approve at {gate}: {allowed}{describe_doubt(request)}"
    hint = f"as {patterns[0] if patterns else 'a person'}: {command}"
    raise guards.RefusedError((guards.Refusal(GuardCode.ALLOWED, message=message, hint=hint, waivable=False),))


def plan_release(context: Context, found: deploy_request.FittingRelease) -> EnvironmentPlan:
    request, target, release = found.request, found.request.target, found.release
    look_scope.require_visible(context, target)
    moved_places.require_place(context, request.present, target)
    module_checks.check_stored_reads(context, release, request.identity)
    module_checks.check_stored_accounts(context, release, request.identity, target)
    earlier_states.require_known_states(context, release, target, request.present)
    over, prepared = request.changeover, prepare.prepare_stored_release(context, found)
    prepared = leaving_stacks.add_leaving(context, request.present, prepared, release=release, changeover=over)
    try:
        stacks = plan_stacks(
            context.ports,
            target,
            prepared.all_stacks,
            over.expand_applied(request.target_state.stacks),
            # It is planned again, under the lock, before it is applied.
            locking="none",
        )
        here = request.target_state.apply_moves(over.moves)
        stacks = shared_resources.warn_of_shared_resources(context.ports, target, prepared.all_stacks, stacks, here)
        stacks = add_forecasts(context, target, prepared.all_stacks, stacks)
    finally:
        context.ports.terraform.delete_plans(target)
    return EnvironmentPlan(
        environment=target, release=prepared.release, stacks=stacks, label=request.present.find_label(prepared.release)
    )


def list_notes(request: guards.Request, plan: EnvironmentPlan, accepted: Sequence[str]) -> tuple[str, ...]:
    """Return what the approver reads first: changed rules, remarks of guards, and stacks without a final plan."""
    remarks = (r for r in guards.check_guards(request) if r.code in _PLAN_REMARKS)
    unplanned = (*describe_unseen(plan, accepted, request.clusters), *describe_replanned(plan, request.needs))
    return (*_describe_rules_change(request), *(f"{r.code} {r.guard}: {r.message}" for r in remarks), *unplanned)


def _describe_own_part(request: guards.Request) -> tuple[str, ...]:
    is_author = any(is_named_in(request.actor, each) for each in list_authors(request))
    return ("your approval counts for the changes of the other authors, not for yours",) if is_author else ()


def _record_approval(context: Context, request: guards.Request, binding: ApprovalBinding) -> ApprovalResult:
    timed = replace(request, now=read_store_time(context.ports))
    after, entry = journal.append(context.ports, build_approval_decision(timed, binding))
    approvals = list_approvals_now(context, replace(request, present=after))
    missing, next_command = find_missing_gates(context, replace(request, present=after), approvals)
    given = approvals[binding.gate].given if binding.gate in approvals else ()
    own = [each for each in given if has_same_name(each.by, request.actor)]
    return ApprovalResult(
        environment=request.target,
        gate=binding.gate,
        release=request.identity,
        by=request.actor,
        already=entry is None,
        missing=missing,
        next=next_command,
        plan=binding.plan,
        reading=binding.reading,
        place=request.place,
        where=request.where,
        unseen=binding.unseen,
        approvals=approvals,
        expires_at=own[-1].expires_at if own else None,
        label=request.present.find_label(request.identity),
    )


def list_approvals_now(context: Context, request: guards.Request) -> dict[str, GateApprovals]:
    # Without an actor: guards would leave out the actor's own approval.
    return list_gate_approvals(replace(request, actor=ANONYMOUS, now=context.ports.clock.now()))


def find_missing_gates(
    context: Context, request: guards.Request, approvals: Mapping[str, GateApprovals]
) -> tuple[dict[str, int], str]:
    """Return the number of missing approvals by gate, and the next command."""
    # Counted without an actor: guards would leave out the actor's own approval.
    anonymous = replace(request, actor=ANONYMOUS, now=context.ports.clock.now())
    missing = {name: gate.missing for name, gate in approvals.items() if gate.missing}
    adviser = build_adviser(context, request.present)
    if guards.find_end_of_approvals(list_waiting(anonymous)):
        return missing, adviser.advise_change(replace(anonymous, older=True))[0].advice
    if not missing:
        command = _suggest_deployment(adviser, anonymous)
        counted = replace(anonymous, actor=request.actor)
        deployments = (format_deployment(replace(counted, partial=partial)) for partial in (False, True))
        if command in deployments and any(guards.count_missing_at_gates(counted).values()):
            # The approval of the person who deploys does not count.
            command = f"ask another person: {command}"
        return missing, command
    own = [
        gate
        for gate in missing
        if not has_covered_missing(approvals[gate], request.actor)
        and not find_barring_view(request, gate, request.actor)
        and not any(is_named_in(request.actor, author) for author in list_authors(request))
    ]
    if own:
        return missing, format_approval(request, own[0])
    # A second approval of one person counts for nothing.
    return missing, f"ask another person: {format_approval(request, next(iter(missing)))}"


def _suggest_deployment(adviser: Adviser, request: guards.Request) -> str:
    """Return the command of the approved deployment, or what still stands in its way."""
    if request.action == "apply":
        # The fix of drift is approved as a deployment, too.
        return adviser.advise(request.target).command or request.command
    # Without the plan: the plans that were approved were read before this approval, which G302 would miss.
    # The approver of an older release has read the note about it.
    steps = adviser.advise_change(replace(request, plan=None, older=True))
    return steps[0].advice if steps else format_deployment(request)


def build_approval_decision(
    request: guards.Request, binding: ApprovalBinding, *, reviewer: str = ""
) -> Callable[[LedgerState], Event | None]:
    """Return a decision for the journal: the approval, or None if the same one is recorded and has not expired.
    `request.now` must be the time by the store's clock. `reviewer` is that of the GitHub job; empty for the actor.
    """

    def decide(now: LedgerState) -> Event | None:
        actor, target = request.actor, request.target
        by = build_reviewer(reviewer, actor, target) if reviewer else actor
        for each in now.find_environment(target).approvals:
            same = (read_binding(each), each.by.name, each.by.verified) == (binding, by.name, by.verified)
            if same and not each.ended and not has_expired(request, each):
                return None
        return binding.to_event(target, reviewer=reviewer)

    return decide


def _describe_rules_change(request: guards.Request) -> tuple[str, ...]:
    """Describe the differences between the recorded rules of the target and the tree's."""
    if request.rules_digest == request.recorded_digest:
        return ()
    changes = f"the rules of {request.target} change with this deployment"
    return tuple(f"{changes}: {each}" for each in rules_store.list_tree_changes(request))


def save_rules_document(ports: Ports, request: guards.Request) -> None:
    if request.document is not None and request.rules_digest != request.recorded_digest:
        rules_store.RULES.save_document(ports, request.document)


def _unknown_gate_error(target: str, gate: str, known: Mapping[str, int]) -> UsageError:
    near = find_nearest(gate, known)
    listed = ", ".join(known) or "none"
    hint = f"did you mean {near}? (gates: {listed})" if near else f"gates: {listed}"
    return UsageError(Problem("E005", f"{target} has no gate {gate!r}", hint))
