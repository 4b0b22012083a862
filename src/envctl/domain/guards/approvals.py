"""G106: that enough people have approved; and who counts."""

from envctl.domain.clocks import is_future
from envctl.domain.enumeration import listed
from envctl.domain.events import Actor
from envctl.domain.guards.request import Refusal, Request, changes_rules
from envctl.domain.naming import short
from envctl.domain.people import may_at_gate
from envctl.domain.persons import is_machine, is_person, is_same_person, list_names, list_people
from envctl.domain.present import Approval
from envctl.domain.rules_changes import describe_differences
from envctl.domain.unseen import list_left_out


def approvals(request: Request) -> Refusal | None:
    """G106: each gate of the target has its approvals, for this release, these settings and this place, by enough
    people.
    """
    if request.release is None or not asked(request):
        return None
    open_gates = {gate: missing for gate, missing in gates(request).items() if missing > 0}
    if not open_gates:
        return None
    wanted = ", ".join(
        f"{gate} ({request.rules.approvals[gate] - missing} of {request.rules.approvals[gate]})"
        for gate, missing in open_gates.items()
    )
    message = f"release {short(request.release)} lacks approvals for {request.target}: {wanted}{_stale(request)}"
    hint = to_approve(request, next(iter(open_gates)))
    if request.rules.is_usual:
        message += f"; envctl.toml says nothing about approvals of {request.target}, so that it asks for the usual ones"
        hint = f"if it needs none, say so: [environments.{request.target}.gates] approvals = {{}}; if it does: {hint}"
    return Refusal("G106", "approvals", message, hint, for_now=True, who=who(request))


def asked(request: Request) -> bool:
    """Whether gates have a say. A rollback that brings nothing new was approved when it was new; a destroy never is."""
    if request.action == "rollback":
        return (request.settings, request.place) not in _ran_with(request) or bool(_never_ran_so(request))
    return request.action != "destroy"


def _never_ran_so(request: Request) -> tuple[str, ...]:
    """What a rollback does besides going back, in words: it makes stacks again, or has stacks leave that came since."""
    if request.again:
        # It was asked when it began.
        return ()
    over = request.changeover
    emptied = [plan.stack for plan in request.plan.stacks if plan.stateless and plan.changes] if request.plan else []
    made = tuple(dict.fromkeys((*over.coming, *emptied)))
    return (
        *((f"going back would make {listed(made)} again",) if made else ()),
        *((f"{listed(tuple(over.leaving))} would leave",) if over.leaving else ()),
    )


def _was_of_the_way_there(request: Request, approval: Approval) -> bool:
    """Whether it was given when the release was new, and says nothing of what going back to it would do besides."""
    current = request.here.current
    if request.action != "rollback" or current is None or not _never_ran_so(request):
        return False
    return approval.at < current.started_at


def gates(request: Request) -> dict[str, int]:
    """For each gate of the target, how many approvals are still missing."""
    return {gate: max(0, count - len(approvers(request, gate))) for gate, count in request.rules.approvals.items()}


def approvers(request: Request, gate: str) -> tuple[Actor, ...]:
    """Who has approved at a gate, and counts: each person once, under whatever names."""
    return list_people([approval.by for approval in counting(request) if approval.gate == gate])


def counting(request: Request) -> tuple[Approval, ...]:
    """The approvals of this release, these settings and this place that hold today, by people who may give them."""
    return tuple(
        a
        for a in _given(request)
        if not _is_barred(request, a.by) and may_approve(request, a.gate, a.by) and not has_expired(request, a)
        if not _plannable_since(request, a) and not _was_of_the_way_there(request, a)
    )


def may_approve(request: Request, gate: str, actor: Actor) -> bool:
    """Whether the target lets that person approve at that gate."""
    return may_at_gate(request.rules.who_approves(gate), actor)


def makers(request: Request) -> frozenset[str]:
    """Who made the release: who wrote, committed or merged it, and who had envctl bundle it."""
    known = request.known
    return frozenset({known.author, *known.others, known.by.person} - {""}) if known else frozenset()


def made_by(request: Request, actor: Actor) -> bool:
    """Whether the release is that person's own, in whatever account they were when they made it."""
    known = request.known
    return known is not None and is_person(actor, {*makers(request), *list_names(known.by)})


def changed_rules(request: Request, actor: Actor) -> bool:
    """Whether the deployment brings other rules, and that person has a part in them."""
    return changes_rules(request) and is_person(actor, request.wrote_rules)


def who(request: Request) -> str:
    """Who can still approve, in words."""
    barred = sorted(_barred(request))
    asked = [request.rules.who_approves(gate) for gate, missing in gates(request).items() if missing]
    # A gate at which everybody may approve is open to everybody.
    listed = dict.fromkeys(pattern for patterns in asked for pattern in patterns) if all(asked) else {}
    people = " or ".join(listed) or "anybody"
    return f"{people} but {', '.join(barred)}" if barred else people


def to_approve(request: Request, gate: str) -> str:
    return f"envctl approve {request.target} --gate {gate} --release {short(request.identity)}"


def _given(request: Request) -> tuple[Approval, ...]:
    """An approval without a place was given before places were recorded, and is for none that is known."""
    return tuple(each for each in _in_place(request) if is_bound_to_rules(request, each))


def _in_place(request: Request) -> tuple[Approval, ...]:
    """The approvals of this release, these settings and this place, under whatever rules."""
    return tuple(each for each in _fitting(request) if each.place and each.place == request.place)


def is_bound_to_rules(request: Request, approval: Approval) -> bool:
    """Whether it was given for the rules of today: those of the tree, beside the recorded ones.

    Once the tree's rules are the recorded ones, it does not matter which were before. What was given before rules were
    recorded counts until the first deployment records some. What changes no rules needs nobody's word on them.
    """
    if not changes_rules(request):
        return True
    tree, recorded = request.rules_digest, request.recorded_digest
    if not approval.rules:
        return not recorded
    return approval.rules == tree and recorded in {approval.recorded, tree}


def _fitting(request: Request) -> tuple[Approval, ...]:
    """The approvals of this release and these settings, in whatever place."""
    return tuple(
        approval
        for approval in request.here.approvals
        if approval.release == request.release and approval.settings == request.settings
    )


def _barred(request: Request) -> frozenset[str]:
    if request.rules.self_approval:
        return frozenset()
    wrote = request.wrote_rules if changes_rules(request) else ()
    return makers(request) | ({request.actor.person, *wrote} - {""})


def _is_barred(request: Request, actor: Actor) -> bool:
    if request.rules.self_approval:
        return False
    return made_by(request, actor) or changed_rules(request, actor) or is_same_person(actor, request.actor)


def has_expired(request: Request, approval: Approval) -> bool:
    """Whether it is too old. One that was recorded in the future is, too: nobody knows how old it is."""
    expires = request.rules.expires
    return expires is not None and (request.now - approval.at > expires or is_future(approval.at, request.now))


def _plannable_since(request: Request, approval: Approval) -> tuple[str, ...]:
    """The stacks that it does not cover since they could not be planned, and that can be planned now: it can't be
    enough any more, and that is said before Terraform is asked.
    """
    seen, there = request.approved.get(approval.plan), request.here.stacks
    left_out = list_left_out(seen, approval.unseen) if seen else ()
    # What holds resources already may change nothing by now: only its plan tells.
    return tuple(s for s in left_out if s not in there and s in request.needs and there.issuperset(request.needs[s]))


def _stale(request: Request) -> str:
    """Why approvals that people remember to have given do not count."""
    given, counted = _given(request), {a.by.person for a in counting(request)}
    expired = {a.by.person for a in given if has_expired(request, a)} - counted
    barred = {a.by.person for a in given if _is_barred(request, a.by)}
    strangers = {
        f"{_describe(a.by)} may not approve at {a.gate}" for a in given if not may_approve(request, a.gate, a.by)
    }
    others = [a for a in request.here.approvals if a.release == request.release and a.settings != request.settings]
    told = [
        f"the approval of {', '.join(sorted(expired))} has expired" if expired else "",
        f"{', '.join(sorted(barred))} {_describe_part(request)}, and does not count" if barred else "",
        ", ".join(sorted(strangers)),
        f"the settings of {request.target} have changed since it was approved" if others else "",
        *(_never_ran_so(request) if request.action == "rollback" else ()),
        *_misplaced(request),
        *_under_other_rules(request),
        *_unseen(request),
    ]
    return "".join(f"; {reason}" for reason in told if reason)


def _describe_part(request: Request) -> str:
    return "made or promotes it, or changed its rules" if request.wrote_rules else "made or promotes it"


def _describe(actor: Actor) -> str:
    return f"{actor.person}, which is no person," if is_machine(actor) else actor.person


def _unseen(request: Request) -> tuple[str, ...]:
    left = _not_renewed(request, _given(request))
    stacks = dict.fromkeys(stack for each in left for stack in _plannable_since(request, each))
    return tuple(f"{stack} could not be planned when it was approved, and can be planned now" for stack in stacks)


def _misplaced(request: Request) -> tuple[str, ...]:
    """Why approvals do not count that fit but for the place, each reason once."""
    given = [each for each in _not_renewed(request, _fitting(request)) if each not in _in_place(request)]
    return tuple(dict.fromkeys(_why_misplaced(request, each) for each in given))


def _why_misplaced(request: Request, approval: Approval) -> str:
    if not approval.place:
        return f"the approval of {approval.by.person} was given by an older envctl: approve again"
    what = request.elsewhere.get(approval.place) or "account, region, role, backend or provider settings"
    return f"{request.target} is in another place than it was approved for: {what}"


def _under_other_rules(request: Request) -> tuple[str, ...]:
    """Why approvals do not count that fit but for the rules, each reason once."""
    given = [each for each in _not_renewed(request, _in_place(request)) if not is_bound_to_rules(request, each)]
    return tuple(dict.fromkeys(_why_other_rules(request, each) for each in given))


def _why_other_rules(request: Request, approval: Approval) -> str:
    by = approval.by.person
    if not approval.rules:
        return f"the approval of {by} was given before rules were recorded: approve again"
    before, now = approval.rules, request.rules_digest
    if before == now:
        before, now = approval.recorded, request.recorded_digest
    old, new = request.documents.get(before), request.documents.get(now)
    what = describe_differences(old, new) if old and new else "envctl.toml, or what was deployed since"
    return f"the rules of {request.target} are others than those that {by} approved under: {what}"


def _not_renewed(request: Request, approvals: tuple[Approval, ...]) -> list[Approval]:
    """Without those of people who have approved anew at the same gate."""
    renewed = {(each.gate, each.by.person) for each in counting(request)}
    return [each for each in approvals if (each.gate, each.by.person) not in renewed]


def _ran_with(request: Request) -> set[tuple[str, str]]:
    """The settings that this environment ran with, and where: today, or with the release that is wanted back.

    A place that was not recorded is not known, and so not the one of today.
    """
    here = request.here
    proof = here.evidence.get(request.identity)
    again = here.brought_back if request.again else None
    ran = (here.current, again, proof and proof.deployment)
    return {(deployment.settings, deployment.place) for deployment in ran if deployment and deployment.place}
