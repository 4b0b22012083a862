"""G301 to G304: that what is going to happen may happen, was approved, was done before, and is this ledger's."""

from collections.abc import Iterator

from envctl.domain.guards.approvals import asked, counting, gates, to_approve, who
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.known_states import (
    describe_forgotten_states,
    describe_unknown_states,
    find_forgotten_states,
    find_unknown_states,
)
from envctl.domain.ledger.people.person_names import list_people
from envctl.domain.ledger.projection.stacks import with_moves
from envctl.domain.ledger.state import Approval, Deployment
from envctl.domain.plan.changes import Action, EnvironmentPlan, ResourceChange
from envctl.domain.plan.fingerprint import FORMAT, Change, meaning_of, performed, uncovered
from envctl.domain.plan.unseen_stacks import list_left_out
from envctl.domain.text.lists import first_of, listed
from envctl.domain.text.short_ids import short

_DESTROYS = frozenset({Action.DELETE, Action.REPLACE})
NAMED = 5


def protection(request: Request) -> Refusal | None:
    """G301: in a protected environment nothing that holds data goes away, and of the rest only so much at once."""
    rules = request.rules
    if request.action == "destroy" and (rules.protected or rules.approvals):
        reason = "is protected" if rules.protected else "asks for approvals"
        return Refusal(
            "G301",
            "protection",
            f"{request.target} {reason}, and is never destroyed as a whole",
            f"envctl status shows what {request.target} runs; to tear it down, change its rules in envctl.toml first",
            waivable=False,
        )
    if not rules.protected or request.plan is None:
        return None
    going = [(stack, resource) for stack, resource in _resources(request.plan) if resource.action in _DESTROYS]
    # That a stack is destroyed as a whole was said where it says so: only what holds data stays protected.
    said = {stack for stack, fate in request.changeover.leaving.items() if fate == "destroy"}
    holding = [f"{r.action} {stack}: {r.address}" for stack, r in going if r.type in rules.stateful]
    if holding:
        return _protected(
            request, f"the plan would {_some(holding)}, which {'holds' if len(holding) == 1 else 'hold'} data"
        )
    going = [(stack, resource) for stack, resource in going if stack not in said]
    if len(going) > rules.max_destroys:
        named = _some([f"{stack}: {resource.address}" for stack, resource in going])
        many = "1 resource" if len(going) == 1 else f"{len(going)} resources"
        return _protected(request, f"the plan destroys {many}, and max_destroys is {rules.max_destroys} ({named})")
    return None


def same_plan(request: Request) -> Refusal | None:
    """G302: everything that is going to happen was approved, by as many people as each gate asks for."""
    if request.plan is None or not request.rules.approvals or not asked(request):
        return None
    meaning = meaning_of(request.plan)
    if not meaning.changes:
        return None
    given = [(approval, request.approved.get(approval.plan)) for approval in counting(request)]
    beyond = {approval: uncovered(meaning, seen, approval.unseen) for approval, seen in given if seen is not None}
    for gate, count in request.rules.approvals.items():
        people = list_people([each.by for each, rest in beyond.items() if each.gate == gate and not rest])
        if len(people) < count:
            at_gate = [(approval, rest) for approval, rest in beyond.items() if approval.gate == gate and rest]
            closest = min(at_gate, key=lambda each: len(each[1]), default=None)
            formats = {seen.format for approval, seen in given if seen is not None and approval.gate == gate}
            earlier = bool(formats) and FORMAT not in formats
            return _not_approved(request, gate, meaning.changes, closest, earlier=earlier)
    return None


def find_rest(request: Request) -> Refusal | None:
    """What G302 has to say without a plan: the last deployment of the release stopped halfway since its plan held more
    than what was approved, and too few people have approved what is left.

    Only a plan can tell what that is. Where one is made, it decides.
    """
    last = request.here.last
    if last is None or not was_stopped(last) or last.release != request.release or not asked(request):
        return None
    missing = _missing_since(request, last)
    if not missing:
        return None
    message = f"the last deployment stopped halfway, and what is left has to be approved: {', '.join(missing)}"
    return Refusal(
        "G302",
        "same_plan",
        message,
        to_approve(request, next(iter(missing))),
        for_now=True,
        since=last.ended_at,
        who=who(request),
    )


def was_stopped(deployment: Deployment) -> bool:
    """Whether a deployment stopped since a plan that was made anew held more than what was approved."""
    return deployment.outcome == "failed" and deployment.reason.startswith("G302")


def count_missing(request: Request) -> dict[str, int]:
    """For each gate of the target, how many approvals are missing: of what is left, where the last deployment of the
    release stopped halfway, and no plan tells what that is.
    """
    missing, last = gates(request), request.here.last
    if request.plan is not None or last is None or find_rest(request) is None:
        return missing
    return dict.fromkeys(missing, 0) | _missing_since(request, last)


def _missing_since(request: Request, stopped: Deployment) -> dict[str, int]:
    """For each gate that lacks some, how many have to approve yet what a deployment left when it stopped."""
    since = [each for each in counting(request) if stopped.ended_at is not None and each.at >= stopped.ended_at]
    people = {gate: list_people([a.by for a in since if a.gate == gate]) for gate in request.rules.approvals}
    missing = {gate: count - len(people[gate]) for gate, count in request.rules.approvals.items()}
    return {gate: number for gate, number in missing.items() if number > 0}


def rehearsed(request: Request) -> Refusal | None:
    """G303: this release did the same kind of thing in the source before."""
    if request.plan is None or request.action != "promote" or request.rules.rehearsed == "off":
        return None
    done = request.there.performed.get(request.identity, frozenset())
    new = [what for what in performed(request.plan.stacks) if what not in done]
    if not new:
        return None
    message = f"release {short(request.identity)} never did this in {request.source}: {_some(new)}"
    return Refusal(
        "G303",
        "rehearsed",
        message,
        f"look at the plan with care, or rehearse it in {request.source} first: envctl history {request.source}",
        warns=request.rules.rehearsed == "warn",
    )


def known_state(request: Request) -> Refusal | None:
    """G304: what the states hold was made by deployments of this ledger."""
    seen = with_moves(request.here, request.changeover.moves)
    unknown = find_unknown_states(seen, request.plan.stacks) if request.plan else ()
    if not unknown:
        return _remark_forgotten(request)
    target = request.target
    hint = (
        f"correct [store] or the name of {target} in envctl.toml; to take over what is there, list known_state in"
        f" waivable of {target} and add --break-glass; what this ledger has of it: envctl history {target}"
    )
    message = describe_unknown_states(target, unknown)
    if any(each.environment == target for each in request.present.unbelieved):
        message += ", or it was deployed by entries that are not believed (envctl ledger verify names them)"
    return Refusal("G304", "known_state", message, hint)


def _remark_forgotten(request: Request) -> Refusal | None:
    """What was to be kept comes under a plan again, which may delete it."""
    back = find_forgotten_states(request.here, request.plan.stacks) if request.plan else ()
    if not back:
        return None
    hint = f"if another stack is meant, give it another name; what was kept: envctl history {request.target}"
    return Refusal("G304", "known_state", describe_forgotten_states(request.target, back), hint, warns=True)


def _protected(request: Request, message: str) -> Refusal:
    entry = request.pipeline.entry
    hint = f"make a release that keeps, moves or forgets them (moved and removed blocks): envctl apply {entry}"
    return Refusal("G301", "protection", message, hint)


def _not_approved(
    request: Request,
    gate: str,
    changes: tuple[Change, ...],
    closest: tuple[Approval, tuple[Change, ...]] | None,
    *,
    earlier: bool,
) -> Refusal:
    """`closest` is the approval that covers most, with what it does not cover. `earlier` says that all of them were
    kept by an earlier envctl.
    """
    beyond = closest[1] if closest else changes
    what = _some([change.told for change in beyond])
    message = f"the plan holds more than what was approved at the gate {gate}: {what}"
    if earlier:
        message = f"an earlier envctl kept what was approved at the gate {gate}, and looked at less of it: {what}"
    left_out = list_left_out(request.approved[closest[0].plan], closest[0].unseen) if closest else ()
    if unseen := [stack for stack in left_out if any(change.stack == stack for change in beyond)]:
        message += f"; {listed(unseen)} could not be planned when it was approved"
    return Refusal("G302", "same_plan", message, to_approve(request, gate), for_now=True, who=who(request))


def _resources(plan: EnvironmentPlan) -> Iterator[tuple[str, ResourceChange]]:
    for stack in plan.stacks:
        for resource in stack.resources:
            yield stack.stack, resource


def _some(texts: list[str]) -> str:
    return first_of(texts, NAMED)
