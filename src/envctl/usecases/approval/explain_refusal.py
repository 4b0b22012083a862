"""`envctl why TARGET`: the answer of every guard for the next promotion, without deploying."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from envctl.domain import guards
from envctl.domain.ci.review_counts import format_reviews
from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.config.signing_keys import find_review_environment
from envctl.domain.errors import EnvctlError
from envctl.domain.exit_codes import ExitCode
from envctl.domain.guards.authors import describe_authors, list_authors
from envctl.domain.guards.gate_approvals import GateApprovals, list_gate_approvals
from envctl.domain.guards.plan import check_same_plan, check_stopped_deployment
from envctl.domain.guards.target import check_account, check_artifact, check_secrets
from envctl.domain.guards.waivers import find_waiver
from envctl.domain.ledger.events import ANONYMOUS
from envctl.domain.ledger.state import Debt, DistrustedEntry, GivenWaiver, LedgerState
from envctl.domain.next_step.find_step import format_deployment, open_refusals
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.domain.plan.fingerprint import fingerprint_plan
from envctl.domain.plan.unseen_stacks import list_unseen
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rules.document import find_rules
from envctl.usecases.account import account_check, secret_values
from envctl.usecases.deployment import planning, progress
from envctl.usecases.deployment.stages.program_changes import describe_pinned_change
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context
from envctl.usecases.project.project_file import find_cost_source
from envctl.usecases.release import deploy_request, readings, release_store
from envctl.usecases.release.moved_places import find_changed_place
from envctl.usecases.release.next_steps import Adviser, build_adviser
from envctl.usecases.release.release_names import find_release

ASKS = RECORDS_ONLY

Outcome = Literal["passes", "refuses", "warns", "moot", "unplanned", "not_applicable"]


@dataclass(frozen=True)
class Answer:
    """The outcome of one guard: *moot* if one it depends on refuses, *unplanned* if it needs a plan or credentials,
    *not_applicable* if there is nothing to approve.
    """

    code: str
    guard: str
    outcome: Outcome
    refusal: guards.Refusal | None = None


@dataclass(frozen=True, kw_only=True)
class Why:
    """The answers of all guards for one deployment."""

    target: str
    source: str | None
    release: str | None
    now: datetime
    answers: tuple[Answer, ...]
    gates: Mapping[str, tuple[int, int]]  # approvals given and required, by gate; `approvals` has more about each
    who: str  # persons able to give the missing approvals
    opens: datetime | None  # the time at which every refusal ends by itself; None if one of them does not
    next: str
    plan: str = ""  # plan, reading and planned: the plan, its fingerprint, and the digest of its page, if requested.
    reading: str = ""
    planned: EnvironmentPlan | None = None
    unbelieved: tuple[DistrustedEntry, ...] = ()  # the last ledger entries without effect
    place: str = ""  # place and where: the digest of the target place, bound to approvals, and its description.
    where: str = ""
    # stacks without a plan, each with the stacks it waits for; an approval must name them
    not_seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # rules_changed and rules_differ: differences of the recorded rules from earlier ones, and from envctl.toml.
    rules_changed: tuple[str, ...] = ()
    rules_differ: tuple[str, ...] = ()
    # by gate, who approved it until when, and who can give what is missing
    approvals: Mapping[str, GateApprovals] = field(default_factory=dict)
    label: ReleaseLabel | None = None  # what people know the release by; None if not recorded
    moved: str = ""  # how its place or name in envctl.toml differs from its last deployment
    elsewhere: bool = False  # whether that is refused (E148, E139)
    authors: tuple[str, ...] = ()  # who wrote what would change, and written: that as a sentence, with since when
    written: str = ""
    program: str = ""  # how the pinned Terraform differs from the one that deployed the release in the source
    debts: tuple[Debt, ...] = ()  # the uses of waivers of the target that were not reviewed
    waiver: GivenWaiver | None = None  # it lets a deployment override all these refusals
    reviews: str = ""  # in a job of GitHub, the reviews given when the plan was made, for `approve --reviewers --after`

    @property
    def changes(self) -> bool | None:
        """Whether the plan changes anything; None without one. A stack that could not be planned may."""
        return None if self.planned is None else self.planned.changes or bool(self.not_seen)

    @property
    def allowed(self) -> bool:
        """True if no guard refuses, and no other place. Guards that need a plan may still do so."""
        return bool(not self.refusals or self.waiver) and not self.elsewhere

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a deployment refused for the same reasons; 0 if none refuses."""
        if self.refusals and not self.waiver:
            return guards.RefusedError(self.refusals).exit_code
        return ExitCode.CONFIGURATION if self.elsewhere else ExitCode.DONE

    @property
    def refusals(self) -> tuple[guards.Refusal, ...]:
        return tuple(a.refusal for a in self.answers if a.refusal and a.outcome == "refuses")


def explain_refusal(ports: Ports, target: str, *, release: str | None = None, planned: bool = False) -> Why:
    """Evaluate all guards for the next deployment to the target; with `planned`, make and store a Terraform plan."""
    context, target = load_context(ports, target)
    present = journal.load(ports)
    identity = find_release(present, release) if release is not None else None
    chosen = find_next_candidate(context, present, target, identity)
    request = chosen.request
    if request.target_state.unfinished_deployment:
        request = replace(request, running=ports.workspace.find_holder(target))
    fingerprint = reading = reviews = ""
    place = find_changed_place(context, present, target) if planned else None
    # At another place nothing may respond. The answer names it.
    if planned and not (place and place.hint) and chosen.release is not None and chosen.settings is not None:
        request = replace(request, caller=account_check.find_caller(context, target))
        if not check_account(request):
            request = progress.add_findings(context, request, chosen.release, chosen.settings)
            from envctl.usecases.approval.approve import make_release_reading

            plan = _plan_next(context, chosen)
            request = replace(request, plan=plan)
            if not secret_values.has_stand_ins(context, chosen.settings):
                meaning = fingerprint_plan(plan)
                fingerprint = release_store.save_plan(ports, meaning)
                made = make_release_reading(ports, chosen.require_fitting(), plan, meaning)
                reading = readings.offer_reading(ports, made)
            reviews = _count_reviews(context, target)
    found = evaluate_guards(request, build_adviser(context, present))
    changed = _list_recorded_changes(ports, request)
    return replace(
        found, plan=fingerprint, reading=reading, planned=request.plan, rules_changed=changed, reviews=reviews
    )


def _count_reviews(context: Context, target: str) -> str:
    """Return the reviews of this run so far, counted after the plan was made: these reviewers have not seen it."""
    ports = context.ports
    if not find_rules(context.project, target).reviewers or not ports.reviews.has_reviews():
        return ""
    try:
        return format_reviews(ports.reviews.list_approvers(find_review_environment(context.project, target)))
    except EnvctlError as error:
        # The plan is made. Only a second attempt of the run needs the reviews.
        ports.observer.on_message(f"earlier reviews of {target} are unknown: {error.problems[0].message}")
        return ""


def _list_recorded_changes(ports: Ports, request: guards.Request) -> tuple[str, ...]:
    recorded = request.target_state.rules
    if recorded is None or request.document is None or request.document.is_entry:
        return ()
    pair = (recorded.before, recorded.digest)
    return rules_store.list_rule_changes(ports, [pair]).get(pair, ())


def _plan_next(context: Context, chosen: deploy_request.Candidate) -> EnvironmentPlan:
    ports = context.ports
    from envctl.usecases.approval.approve import plan_release

    target = chosen.request.target
    with ports.workspace.lock_environment(target, format_command("why", target)):
        found = chosen.require_fitting()
        plan = plan_release(context, found)
    source = find_cost_source(context.project, target, found.release.wiring.stack_regions)
    plan = planning.add_cost(ports, plan, source)
    ports.observer.on_plan(plan)
    return plan


def find_next_candidate(
    context: Context, present: LedgerState, target: str, release: str | None = None
) -> deploy_request.Candidate:
    """Return the next deployment of an environment: a promotion, or a redeployment of the entry environment."""
    source = context.project.pipeline.find_previous(target)
    if source is None:
        return deploy_request.build_redeployment(context, present, target=target, release=release)
    return deploy_request.build_promotion(context, present, source=source, target=target, release=release)


def evaluate_guards(request: guards.Request, adviser: Adviser) -> Why:
    """Return the answers of all guards. The adviser knows the next steps of the environments."""
    found = tuple(_check_guards(request))
    deferred = guards.defer_approvals(tuple(each.refusal for each in found if each.refusal))
    by_code = {refusal.code: refusal for refusal in deferred}
    answers = tuple(replace(each, refusal=by_code[each.refusal.code]) if each.refusal else each for each in found)
    # Without an actor: the guards would leave out the actor's own approval.
    approvals = list_gate_approvals(replace(request, actor=ANONYMOUS))
    lacking = [name for name, gate in approvals.items() if gate.missing]
    refused = [answer.refusal for answer in answers if answer.refusal and answer.outcome == "refuses"]
    openings = [refusal.opens for refusal in refused]
    has_key = adviser.context.ports.trust.has_people_key(request.target, request.present.seq + 1)
    waiver = find_waiver(request, {each.code for each in refused}) if refused and has_key else None
    if waiver is not None and guards.list_unwaivable(request, tuple(refused)):
        waiver = None
    place = adviser.advise(request.target).place
    return Why(
        target=request.target,
        source=request.source,
        release=request.release,
        now=request.now,
        answers=answers,
        gates={name: (gate.have, gate.need) for name, gate in approvals.items()},
        who=guards.describe_approvers(request, lacking) if lacking else "",
        opens=max(moment for moment in openings if moment) if openings and all(openings) else None,
        next=_suggest_next(request, [] if waiver else refused, adviser),
        waiver=waiver,
        debts=request.target_state.debts,
        moved=place.message if place else "",
        elsewhere=bool(place and place.hint),
        unbelieved=request.present.unbelieved,
        place=request.place,
        where=request.where,
        not_seen=list_unseen(request.plan) if approvals and request.plan else {},
        rules_differ=rules_store.list_tree_changes(request),
        approvals=approvals,
        label=request.present.find_label(request.release),
        authors=tuple(author[0] for author in list_authors(request)) if approvals else (),
        written=describe_authors(request) if approvals else "",
        program=describe_pinned_change(adviser.context, request.present, request.source, request.target),
    )


def _suggest_next(request: guards.Request, refused: Sequence[guards.Refusal], adviser: Adviser) -> str:
    """Return the next command; without one, the hint of the first refusal."""
    if (place := adviser.advise(request.target).place) and place.hint:
        return adviser.advise(request.target).advice
    if request.release is not None and request.target_state.whole:
        current = request.target_state.current
        if current is not None and current.release == request.release:
            # Nothing comes: what else is to do there, or in the environment after it.
            return adviser.follow(request.target).command
    if not refused:
        return format_deployment(request)
    steps = open_refusals(request, refused, adviser.list_steps_before(request.target))
    return next((step.advice for step in steps if step.advice), refused[0].hint)


def _check_guards(request: guards.Request) -> Iterator[Answer]:
    refused: set[str] = set()
    views = guards.list_views(request)
    for guard in guards.GUARDS:
        answer = _check_guard(guard, views, refused)
        if answer.outcome in {"refuses", "moot"}:
            refused.add(guard.code)
        yield answer


def _check_guard(guard: guards.Guard, views: Sequence[guards.Request], refused: set[str]) -> Answer:
    waits = guard.check is check_same_plan and views[0].plan is None
    check = check_stopped_deployment if waits else guard.check
    refusal = guards.merge_answers([(check(view), view.whose_rules) for view in views])
    if refusal is not None:
        return Answer(guard.code, guard.code.guard, "warns" if refusal.warns else "refuses", refusal)
    if guard.depends_on in refused:
        return Answer(guard.code, guard.code.guard, "moot")
    if guard.code is GuardCode.APPROVALS and views[0].release is None:
        return Answer(guard.code, guard.code.guard, "not_applicable")
    return Answer(guard.code, guard.code.guard, "unplanned" if _lacks_inputs(guard, views[0]) else "passes")


def _lacks_inputs(guard: guards.Guard, request: guards.Request) -> bool:
    inventories = {check_artifact: request.images, check_secrets: request.secrets}
    if guard.check in inventories:
        return inventories[guard.check] is None and request.action != "destroy"
    if guard.check is check_account:
        # The account is checked twice: for the credentials, and for the plan.
        return request.is_account_unknown or (bool(request.account or request.role) and request.plan is None)
    return request.plan is None if guard.needs_plan else guard.needs_account and request.is_account_unknown
