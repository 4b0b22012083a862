"""Guards G301 to G305: what the plan changes may change, and the stacks that leave have a fate."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import approvals
from envctl.domain.guards.authors import count_people, list_authors
from envctl.domain.guards.request import Guard, Refusal, Request
from envctl.domain.ledger.projection.stacks import describe_forgotten_states, describe_unknown_states
from envctl.domain.ledger.state import Approval, Deployment
from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import Action, EnvironmentPlan, Marker, ResourceChange, StackPlan, is_object_type
from envctl.domain.plan.cluster_identity import CLUSTER_KEY
from envctl.domain.plan.fingerprint import (
    FORMAT,
    PlanFingerprint,
    PlannedChange,
    fingerprint_plan,
    list_performed_actions,
)
from envctl.domain.plan.unseen_stacks import list_uncovered_stacks
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first, join_names

_DESTROYS = frozenset({Action.DELETE, Action.REPLACE})
MAX_NAMED = 5
EKS_CLUSTER = "aws_eks_cluster"


def check_protection(request: Request) -> Refusal | None:
    """G301: in a protected environment no data is destroyed, and no more than `max_destroys` other resources."""
    rules = request.rules
    if request.action == "destroy" and (rules.protected or rules.approvals):
        reason = "is protected" if rules.protected else "requires approvals"
        message = f"{request.target} {reason}, and can't be destroyed as a whole"
        runs = format_command("status", request.target)
        hint = f"change its rules in envctl.toml first; its current release: {runs}"
        return Refusal(GuardCode.PROTECTION, message=message, hint=hint, waivable=False)
    if not rules.protected or request.plan is None:
        return None
    going = [(plan.stack, r) for plan in request.plan.stacks for r in plan.resources if r.action in _DESTROYS]
    # Stacks with the fate "destroy" were declared in the project: only their data stays protected.
    said = {stack for stack, fate in request.changeover.leaving.items() if fate == "destroy"}
    holding = [f"{r.action} {stack}: {r.address}" for stack, r in going if r.type in rules.stateful]
    unsaid = [f"{stack}: {resource.address}" for stack, resource in going if stack not in said]
    if holding:
        hold = "it holds" if len(holding) == 1 else "they hold"
        message = f"the plan would {join_first(holding, MAX_NAMED)}; {hold} data"
    elif len(unsaid) > rules.max_destroys:
        named = join_first(unsaid, MAX_NAMED)
        many = "1 resource" if len(unsaid) == 1 else f"{len(unsaid)} resources"
        message = f"the plan destroys {many}, and max_destroys is {rules.max_destroys} ({named})"
    else:
        return None
    meant = [each for _, each in going if each.type in rules.stateful] or [each for _, each in going]
    hint = _suggest_keeping(meant, format_command("apply", request.pipeline.entry))
    return Refusal(GuardCode.PROTECTION, message=message, hint=hint)


def _suggest_keeping(going: Sequence[ResourceChange], apply: str) -> str:
    """Return how to keep what a plan deletes or replaces. Blocks are of Terraform, and the annotation of Kubernetes."""
    # Imported late: most projects have no objects of Kubernetes.
    from envctl.domain.kubernetes.workload import PRUNE_ANNOTATION

    objects = [each for each in going if is_object_type(each.type)]
    ways = []
    if len(objects) < len(going):
        ways.append("keep, move or forget them in a new release (moved and removed blocks)")
    if any(each.action is Action.DELETE for each in objects):
        ways.append(
            f'to keep objects that leave the code, bring them back, annotate them with {PRUNE_ANNOTATION}: "false",'
            " release that, and then remove them"
        )
    if any(each.action is Action.REPLACE for each in objects):
        ways.append("to change a field that can't be changed in place, add an object with another name")
    return f"{'; '.join(ways)}: {apply}"


def check_same_plan(request: Request) -> Refusal | None:
    """G302: every planned change was approved at each gate by enough people."""
    if request.plan is None or not request.rules.approvals or not approvals.is_approval_required(request):
        return None
    meaning, beyond = fingerprint_plan(request.plan), find_changes_beyond(request, request.plan)
    if not meaning.changes:
        return None
    authors = list_authors(request)
    for gate, count in request.rules.approvals.items():
        people = [each.by for each, rest in beyond.items() if each.gate == gate and not rest]
        if count_people(authors, people) < count:
            at_gate = [(approval, rest) for approval, rest in beyond.items() if approval.gate == gate and rest]
            closest = min(at_gate, key=lambda each: len(each[1]), default=None)
            formats = {request.approved[approval.plan].format for approval in beyond if approval.gate == gate}
            earlier = bool(formats) and FORMAT not in formats
            return _refuse_unapproved(request, gate, meaning.changes, closest, earlier=earlier)
    return None


def find_changes_beyond(request: Request, plan: EnvironmentPlan) -> dict[Approval, tuple[PlannedChange, ...]]:
    """Return the changes of the plan beyond each valid approval. Approvals of a lost plan are left out."""
    meaning = fingerprint_plan(plan)
    new = list_in_new_clusters(request, plan)
    given = [(each, request.approved.get(each.plan)) for each in approvals.list_valid_approvals(request)]
    return {each: find_unapproved_changes(meaning, seen, each.unseen, new) for each, seen in given if seen is not None}


def check_stopped_deployment(request: Request) -> Refusal | None:
    """G302 without a plan: the rest of a stopped deployment has enough approvals. Applies if the last deployment of the
    release stopped because its new plan exceeded the approved one. A plan, once made, decides in place of this check.
    """
    last = request.target_state.last
    if last is None or not has_exceeded_approval(last) or last.release != request.release:
        return None
    if not approvals.is_approval_required(request):
        return None
    missing = count_missing_since(request, last.ended_at)
    if not missing:
        return None
    message = f"the last deployment stopped halfway; its rest needs approval at: {', '.join(missing)}"
    hint = approvals.format_approval(request, next(iter(missing)))
    who = approvals.describe_allowed_approvers(request)
    return Refusal(GuardCode.SAME_PLAN, message=message, hint=hint, for_now=True, since=last.ended_at, who=who)


def has_exceeded_approval(deployment: Deployment) -> bool:
    """Check if the deployment was stopped by G302, because its new plan exceeded the approved changes."""
    return deployment.outcome == "failed" and deployment.reason.startswith(GuardCode.SAME_PLAN)


def count_missing_after_stop(request: Request) -> dict[str, int]:
    """Return the number of missing approvals for each gate of the target. Without a plan, after a stopped deployment of
    the release, approvals of its rest count as missing too.
    """
    missing, last = approvals.count_missing_approvals(request), request.target_state.last
    if request.plan is not None or last is None or check_stopped_deployment(request) is None:
        return missing
    return dict.fromkeys(missing, 0) | count_missing_since(request, last.ended_at)


def list_counting_approvals(request: Request) -> tuple[Approval, ...]:
    """Return the valid approvals; after a stopped deployment of the release, without a plan, those since its end."""
    valid, last = approvals.list_valid_approvals(request), request.target_state.last
    if request.plan is not None or last is None or check_stopped_deployment(request) is None:
        return valid
    return _list_approvals_since(request, last.ended_at)


def _list_approvals_since(request: Request, moment: datetime | None) -> tuple[Approval, ...]:
    valid = approvals.list_valid_approvals(request)
    if approvals.list_newly_plannable_stacks(request):
        # It stopped before stacks that an approval had left out. The others cover what they covered before.
        return valid
    return tuple(each for each in valid if moment is not None and each.at >= moment)


def count_missing_since(request: Request, moment: datetime | None) -> dict[str, int]:
    """Return the number of approvals missing since a moment, for gates with too few."""
    missing = approvals.count_missing_beside(request, _list_approvals_since(request, moment))
    return {gate: number for gate, number in missing.items() if number > 0}


def check_rehearsed(request: Request) -> Refusal | None:
    """G303: the release did the same kinds of changes in the source before."""
    if request.plan is None or request.action != "promote" or request.rules.rehearsed == "off":
        return None
    done = request.source_state.performed.get(request.identity, frozenset())
    new = [what for what in list_performed_actions(request.plan.stacks) if what not in done]
    if not new:
        return None
    message = f"release {shorten_id(request.identity)} never did this in {request.source}: {join_first(new, MAX_NAMED)}"
    hint = f"check the plan with care, or rehearse it in {request.source}: {format_command('history', request.origin)}"
    return Refusal(GuardCode.REHEARSED, message=message, hint=hint, warns=request.rules.rehearsed == "warn")


def check_known_state(request: Request) -> Refusal | None:
    """G304: the resources in the states come from deployments of this ledger."""
    seen = request.target_state.apply_moves(request.changeover.moves)
    unknown = seen.find_unknown(request.plan.stacks) if request.plan else ()
    if not unknown:
        return _warn_of_forgotten(request)
    target = request.target
    hint = (
        'to take over the resources, once their plan is what you want: waivable = ["known_state"] in'
        f" [environments.{target}.gates] ({format_command('explain', 'G304')}), then --break-glass REASON; if envctl"
        f" deployed them, correct [store] or the name of {target} in envctl.toml; its entries in this ledger:"
        f" {format_command('history', target)}"
    )
    message = describe_unknown_states(target, unknown)
    if any(each.environment == target for each in request.present.unbelieved):
        message += f", or the entries of its deployments are not trusted: {format_command('ledger verify')}"
    return Refusal(GuardCode.KNOWN_STATE, message=message, hint=hint)


def _warn_of_forgotten(request: Request) -> Refusal | None:
    """Return a warning for a forgotten stack back in the plan: the plan may delete its kept resources."""
    back = request.target_state.find_forgotten(request.plan.stacks) if request.plan else ()
    if not back:
        return None
    hint = f"for a different stack, use another name; earlier deployments: {format_command('history', request.target)}"
    return Refusal(
        GuardCode.KNOWN_STATE, message=describe_forgotten_states(request.target, back), hint=hint, warns=True
    )


def _refuse_unapproved(
    request: Request,
    gate: str,
    changes: tuple[PlannedChange, ...],
    closest: tuple[Approval, tuple[PlannedChange, ...]] | None,
    *,
    earlier: bool,
) -> Refusal:
    """Build the G302 refusal of a gate. `closest` is the approval of the most changes, with the changes beyond it.
    `earlier` is true if all approvals were stored by an earlier version.
    """
    beyond = closest[1] if closest else changes
    what = join_first([change.description for change in beyond], MAX_NAMED)
    message = f"the plan exceeds the approval at the gate {gate}: {what}"
    if earlier:
        message = f"the approval at the gate {gate} is from an older envctl, with fewer checks: {what}"
    left_out = list_uncovered_stacks(request.approved[closest[0].plan], closest[0].unseen) if closest else ()
    if unseen := [stack for stack in left_out if any(change.stack == stack for change in beyond)]:
        message += f"; {join_names(unseen)} could not be planned when it was approved"
    if closest and request.plan:
        message += _describe_cluster(request.plan, beyond, request.approved[closest[0].plan])
    hint, who = approvals.format_approval(request, gate), approvals.describe_allowed_approvers(request)
    return Refusal(GuardCode.SAME_PLAN, message=message, hint=hint, for_now=True, who=who)


def _describe_cluster(plan: EnvironmentPlan, beyond: Iterable[PlannedChange], approved: PlanFingerprint) -> str:
    """Return that a change was approved for another cluster, or by an envctl that bound none; otherwise empty."""
    before = {(each.stack, each.address): each.values.get(CLUSTER_KEY, "") for each in approved.changes}
    clusters = {each.stack: each.cluster for each in plan.stacks if each.cluster}
    for change in beyond:
        was, cluster = before.get((change.stack, change.address)), clusters.get(change.stack)
        if was is not None and cluster is not None and was != change.values.get(CLUSTER_KEY):
            other = "for another cluster" if was else "by an older envctl, which binds no cluster"
            return f"; {change.stack} was approved {other}, and its plan is for {cluster.recorded} ({cluster.address})"
    return ""


def check_removed(request: Request) -> Refusal | None:
    """G305: no stack leaves a protected environment without a declared fate. Elsewhere the plan shows the destroyed
    resources, and its confirmation covers them.
    """
    unsaid = [name for name, fate in request.changeover.leaving.items() if not fate]
    if not unsaid or not request.rules.protected or request.release is None:
        return None
    if request.action == "destroy":
        # G301 refuses it.
        return None
    it = "it" if len(unsaid) == 1 else "them"
    lost = f"release {shorten_id(request.identity)} no longer has {it}"
    message = f"{request.target} holds {join_names(unsaid)}; {lost}, and does not say whether to destroy or forget {it}"
    return Refusal(GuardCode.REMOVED, message=message, hint=_suggest_fate(request, unsaid[0]))


def _suggest_fate(request: Request, stack: str) -> str:
    fates = 'then = "destroy" or "forget" ("destroy" loses what another stack takes over)'
    said = f"add [removed.{stack}] with {fates} to envctl.toml"
    if request.action in ("rollback", "apply") and request.target != request.pipeline.entry:
        return f"{said}, and run it again: {request.command}"
    coming = request.changeover.new_stacks
    renamed = f' (or, if {stack} was renamed, moved_from = "{stack}" under [stacks.{coming[0]}])' if coming else ""
    return f"{said}{renamed}, and make a release: {format_command('apply', request.pipeline.entry)}"


def list_in_new_clusters(request: Request, plan: EnvironmentPlan) -> frozenset[str]:
    """Return the stacks whose cluster this plan creates; none with other accounts, where it may be another cluster."""
    return list_stacks_in_new_clusters(plan, {} if request.other_accounts else request.clusters)


def list_stacks_in_new_clusters(plan: EnvironmentPlan, clusters: Mapping[str, str]) -> frozenset[str]:
    """Return the stacks whose cluster this plan creates. At the time of the approval, nothing was in them.

    EKS has made what is in such a cluster before the first stack, such as `aws-auth`. A stack that was approved unseen
    may change these objects: nothing is lost that existed when it was approved.

    `clusters` has the output with the name of the cluster, by stack of Kubernetes objects. A cluster counts as new only
    if the plan proves it: its stack creates an EKS cluster, with the name that the output gets.
    """
    plans = {each.stack: each for each in plan.stacks}
    references = {stack: OutputReference.parse(text) for stack, text in clusters.items()}
    return frozenset(
        stack
        for stack, reference in references.items()
        if reference.stack in plans and _is_created(plans[reference.stack], reference)
    )


def _is_created(plan: StackPlan, reference: OutputReference) -> bool:
    # With a second configuration or another endpoint, a cluster of that name may exist elsewhere.
    if reference.path or len(plan.providers) > 1 or any(each.endpoints for each in plan.providers):
        return False
    created = [each for each in plan.resources if each.type == EKS_CLUSTER and each.action is Action.CREATE]
    names = [attribute.after for each in created for attribute in each.attributes if attribute.path == "name"]
    outputs = [each.after for each in plan.outputs if each.name == reference.output]
    # Two unknown names are not the same name.
    return any(name in outputs for name in names if isinstance(name, str) and not isinstance(name, Marker))


GUARDS = (
    Guard(GuardCode.PROTECTION, check_protection, reason="the plan destroys protected resources", needs_plan=True),
    Guard(
        GuardCode.SAME_PLAN,
        check_same_plan,
        reason="the plan holds more than was approved",
        depends_on=GuardCode.APPROVALS,
        needs_plan=True,
    ),
    Guard(
        GuardCode.REHEARSED, check_rehearsed, reason="the plan has changes not rehearsed in {source}", needs_plan=True
    ),
    Guard(
        GuardCode.KNOWN_STATE, check_known_state, reason="the state holds resources of another ledger", needs_plan=True
    ),
    Guard(GuardCode.REMOVED, check_removed, reason="a stack would be removed, and envctl.toml does not say how"),
)
