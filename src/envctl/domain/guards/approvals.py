"""Guard G106: enough approvals, and the rules of validity of an approval."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.authors import (
    Author,
    check_known_authors,
    count_people,
    is_only_author,
    list_authors,
    list_short_authors,
)
from envctl.domain.guards.request import Refusal, Request, can_record_rules
from envctl.domain.ledger.approval_binding import ApprovalBinding
from envctl.domain.ledger.entries import is_future
from envctl.domain.ledger.events import ANONYMOUS, Actor
from envctl.domain.ledger.people.person_names import is_machine, is_named_in, is_same_person, is_schedule
from envctl.domain.ledger.people.principals import can_approve_at
from envctl.domain.ledger.state import Approval
from envctl.domain.plan.unseen_stacks import list_acceptable, list_uncovered_stacks
from envctl.domain.rules.changes import list_differences
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first, join_names

MAX_DIFFERENCES = 6


def check_approvals(request: Request) -> Refusal | None:
    """G106: each gate of the target has enough approvals for this release, these settings and this place."""
    if request.release is None or not request.rules.approvals or not is_approval_required(request):
        return None
    if unknown := check_known_authors(request, request.rules):
        return unknown
    if not (missing := _list_open_gates(request)):
        return None
    others = replace(request, actor=ANONYMOUS)
    if (left := _list_open_gates(others)) == missing:
        return _refuse_missing(request, missing)
    # Who gives the command has approved. The answer is what another person gets, as on all pages.
    if not left:
        hint = f"as another person: {request.command}"
        return replace(_refuse_missing(request, missing), hint=hint, who="any person who did not approve it")
    return add_approver(_refuse_missing(others, left), request)


def add_approver(refusal: Refusal, request: Request) -> Refusal:
    """Return what another person is told as the answer to one who has approved."""
    given = [each.by for each in request.target_state.approvals]
    acting = [each for each in request.acting_people if any(is_same_person(by, each) for by in given)]
    names = join_names(tuple(dict.fromkeys(each.person_name for each in acting)))
    message = f"{refusal.message}; {names} approved it, and may not deploy it"
    return replace(refusal, code=GuardCode.APPROVALS, message=message)


def _refuse_missing(request: Request, missing: Mapping[str, int]) -> Refusal:
    need = request.rules.approvals
    wanted = ", ".join(f"{gate} ({need[gate] - count} of {need[gate]})" for gate, count in missing.items())
    release = shorten_id(request.identity)
    message = f"release {release} lacks approvals for {request.target}: {wanted}{_list_faults(request)}"
    hint = format_approval(request, next(iter(missing)))
    if request.rules.is_usual:
        message += f"; envctl.toml sets no approvals for {request.target}: the usual ones apply"
        hint = f"if it needs none, write [environments.{request.target}.gates] approvals = {{}}; otherwise: {hint}"
    return Refusal(
        GuardCode.APPROVALS, message=message, hint=hint, for_now=True, who=describe_allowed_approvers(request)
    )


def _list_open_gates(request: Request) -> dict[str, int]:
    return {gate: missing for gate, missing in count_missing_approvals(request).items() if missing > 0}


def is_approval_required(request: Request) -> bool:
    """Check if gates apply: not to a destroy, and not to a rollback without new effects."""
    if request.action == "rollback":
        has_changed = (request.settings, request.place) not in _list_past_settings(request)
        return has_changed or bool(_describe_new_effects(request))
    return request.action != "destroy"


def _describe_new_effects(request: Request) -> tuple[str, ...]:
    """Describe the effects of a rollback beyond going back: stacks created again, and newer stacks removed."""
    if request.is_repeated_rollback:
        # Checked when that rollback started.
        return ()
    over = request.changeover
    emptied = [plan.stack for plan in request.plan.stacks if plan.stateless and plan.changes] if request.plan else []
    made = tuple(dict.fromkeys((*over.new_stacks, *emptied)))
    return (
        *((f"going back would create {join_names(made)} again",) if made else ()),
        *((f"{join_names(tuple(over.leaving))} would be removed",) if over.leaving else ()),
    )


def _is_from_first_deployment(request: Request, approval: Approval) -> bool:
    """Check if the approval predates the current deployment, and so does not cover new effects of a rollback."""
    current = request.target_state.current
    if request.action != "rollback" or current is None or not _describe_new_effects(request):
        return False
    return approval.at < current.started_at


def _is_repetition(request: Request) -> bool:
    """Check if the target runs exactly this, and nothing would change: approvals that ended with it cover that."""
    here, wanted = request.target_state, (request.release, request.settings, request.place)
    ran = here.current if here.current == here.last else None
    is_same = ran is not None and (ran.release, ran.settings, ran.place) == wanted
    return is_same and not (request.plan is not None and request.plan.changes)


def count_missing_approvals(request: Request) -> dict[str, int]:
    """Return the number of missing approvals for each gate of the target."""
    return count_missing_beside(request, list_valid_approvals(request))


def count_missing_beside(request: Request, given: Sequence[Approval]) -> dict[str, int]:
    """Return the number of approvals that each gate needs beside these."""
    authors, asked = list_authors(request), request.rules.approvals.items()
    return {gate: max(0, n - count_people(authors, _list_approvers(given, gate))) for gate, n in asked}


def _list_approvers(approvals: Iterable[Approval], gate: str) -> list[Actor]:
    return [each.by for each in approvals if each.gate == gate]


def list_valid_approvals(request: Request) -> tuple[Approval, ...]:
    """Return the valid approvals of this release, these settings and this place, given with permission. That of an
    author counts for the changes of the others: `count_people` knows for how many.
    """
    authors = list_authors(request)
    return tuple(
        a
        for a in _list_bound_approvals(request)
        if not _is_barred(request, authors, a.by)
        if can_approve(request, a.gate, a.by) and not has_expired(request, a)
        if not _list_newly_plannable(request, a) and not _is_from_first_deployment(request, a)
        if not a.ended or _is_repetition(request)
        if not request.rules.signers or a.key in request.rules.signers
    )


def can_approve(request: Request, gate: str, actor: Actor) -> bool:
    """Check if the rules of the target let the actor approve at the gate."""
    return can_approve_at(request.rules.list_approver_patterns(gate), actor)


def check_own_run(request: Request, command: str) -> Refusal | None:
    """G207: no other person or bot acts by the run in which the actor approves."""
    others = [each.person_name for each in request.start.people if not is_same_person(each, request.actor)]
    if not others:
        return None
    actor = request.actor.person_name
    message = f"{actor} may not approve in a run that is also by {join_first(others, MAX_DIFFERENCES)}"
    hint = f"as {actor}, in a run of your own: {command}"
    return Refusal(GuardCode.ALLOWED, message=message, hint=hint, waivable=False)


def _list_short(request: Request, authors: tuple[Author, ...], gates: Iterable[str]) -> tuple[Author, ...]:
    valid, need = list_valid_approvals(request), request.rules.approvals
    short = (list_short_authors(authors, _list_approvers(valid, gate), need.get(gate, 0)) for gate in gates)
    return tuple(dict.fromkeys(author for each in short for author in each))


def describe_allowed_approvers(request: Request) -> str:
    """Describe the people still able to approve."""
    return describe_approvers_at(request, [gate for gate, count in count_missing_approvals(request).items() if count])


def describe_approvers_at(request: Request, gates: Iterable[str]) -> str:
    """Describe the people able to approve at one of the gates."""
    at = tuple(gates)
    asked = [request.rules.list_approver_patterns(gate) for gate in at]
    # One gate without patterns is open to all.
    listed = dict.fromkeys(pattern for patterns in asked for pattern in patterns) if all(asked) else {}
    authors, acting = list_authors(request), request.acting_people
    short = _list_short(request, authors, at) or authors
    promoters = (each.person_name for each in acting if not is_schedule(each))
    barred = {*promoters, *(short[0][:1] if len(short) == 1 else ())}
    partial = sorted(
        each[0] for each in short if len(short) > 1 and not any(is_named_in(actor, each) for actor in acting)
    )
    people = " or ".join(listed) or "any person"
    if barred and not request.rules.self_approval:
        people += f" except {', '.join(sorted(barred))}"
    return f"{people}; {join_first(partial, MAX_DIFFERENCES)} only for changes of others" if partial else people


def format_approval(request: Request, gate: str, unseen: Sequence[str] = ()) -> str:
    """Return the command of an approval, with its release if the command would take another one, and with the stacks
    to approve before they can be planned: without their names the deployment would stop before them. `unseen` has the
    stacks of a command as typed.
    """
    last = request.source_state.last
    is_default = request.action == "promote" and last is not None and last.release == request.release
    release = "" if is_default else shorten_id(request.identity)
    names = unseen or list_stacks_to_accept(request)
    return format_command("approve", request.target, gate=gate, release=release, unseen=",".join(names))


def list_stacks_to_accept(request: Request) -> tuple[str, ...]:
    """Return the stacks that wait for others and hold no resources: an approval covers them only by name.

    Without a plan, these are the stacks that were never applied, and whose upstream stacks were not either, or not with
    the outputs that they read.
    """
    if request.plan is not None:
        return list_acceptable(request.plan)
    there = request.changeover.expand_applied(request.target_state.stacks)
    early = request.changeover.early_stacks
    return tuple(s for s, needs in request.needs.items() if s not in there and (s in early or not there >= {*needs}))


def bind_approval(request: Request, gate: str, *, plan: str, unseen: tuple[str, ...], reading: str) -> ApprovalBinding:
    """Return what an approval of the plan with this fingerprint binds; `unseen` are stacks without a plan."""
    return ApprovalBinding(
        gate=gate,
        release=request.identity,
        settings=request.settings,
        plan=plan,
        place=request.place,
        unseen=unseen,
        rules=request.rules_digest,
        recorded=request.recorded_digest,
        reading=reading,
    )


def _list_bound_approvals(request: Request) -> tuple[Approval, ...]:
    """Return the approvals of release, settings, place and rules. One without place, or of an old envctl, is void."""
    wanted = (request.release, request.settings, request.place)
    return tuple(
        each
        for each in request.target_state.approvals
        if each.place
        and not each.unread
        and (each.release, each.settings, each.place) == wanted
        and is_bound_to_rules(request, each)
    )


def is_bound_to_rules(request: Request, approval: Approval) -> bool:
    """Check if the approval was given under the current rules of the tree and the recorded rules.

    Once the rules of the tree are recorded, earlier recorded rules do not matter. Approvals from before rules were
    recorded count until the first record. A deployment without new rules needs no approval of them.
    """
    if not can_record_rules(request):
        return True
    tree, recorded = request.rules_digest, request.recorded_digest
    if not approval.rules:
        return not recorded
    return approval.rules == tree and recorded in {approval.recorded, tree}


def _is_barred(request: Request, authors: Iterable[Author], approver: Actor) -> bool:
    """Check if an approval never counts: by a person who deploys, or by the author of all changes."""
    if request.rules.self_approval:
        return False
    return any(is_same_person(approver, each) for each in request.acting_people) or is_only_author(authors, approver)


def has_expired(request: Request, approval: Approval) -> bool:
    """Check if the approval is too old. One dated in the future has an unknown age, and is expired too."""
    expires = request.rules.expires
    return expires is not None and (request.now - approval.at > expires or is_future(approval.at, request.now))


def _list_newly_plannable(request: Request, approval: Approval) -> tuple[str, ...]:
    """Return stacks that the approval left out as unplannable, plannable now. It is refused before Terraform runs."""
    seen, there = request.approved.get(approval.plan), request.target_state.stacks
    if seen is None or (request.target_state.last and not has_deployed_since(request, approval)):
        # The stacks that these wait for may be applied already, but without the outputs that these read.
        return ()
    left_out = list_uncovered_stacks(seen, approval.unseen)
    # A stack with resources may have no changes by now: only its plan decides.
    return tuple(s for s in left_out if s not in there and s in request.needs and there.issuperset(request.needs[s]))


def has_deployed_since(request: Request, approval: Approval) -> bool:
    """Check if a deployment to the target ended, or runs, since the approval: stacks can be planned that could not."""
    last = request.target_state.last
    return last is not None and (last.ended_at is None or last.ended_at >= approval.at)


def list_newly_plannable_stacks(request: Request) -> tuple[str, ...]:
    """Return the stacks that can be planned now, and that an approval left out, whether or not it counts."""
    left = (_list_newly_plannable(request, each) for each in _list_bound_approvals(request))
    return tuple(dict.fromkeys(stack for stacks in left for stack in stacks))


def _list_faults(request: Request) -> str:
    given, valid = _list_bound_approvals(request), list_valid_approvals(request)
    counted, authors = {a.by.person_name for a in valid}, list_authors(request)
    expired = [each for each in given if has_expired(request, each) and each.by.person_name not in counted]
    barred = {a.by.person_name for a in given if _is_barred(request, authors, a.by)}
    part = (
        "made or promotes the release, or changed its rules" if request.wrote_rules else "made or promotes the release"
    )
    short = {gate: _list_short(request, authors, (gate,)) for gate in request.rules.approvals}
    partial = {a.by.person_name for a in valid if any(is_named_in(a.by, each) for each in short.get(a.gate, ()))}
    strangers = {
        f"{a.by.person_name}{' (not a person)' if is_machine(a.by) else ''} may not approve at {a.gate}"
        for a in given
        if not can_approve(request, a.gate, a.by)
    }
    mine = [a for a in request.target_state.approvals if a.release == request.release]
    others = [a for a in mine if a.settings != request.settings]
    ended = {a.by.person_name: a.ended for a in given if a.ended and not _is_repetition(request)}
    told = [
        *_explain_expired(request, expired),
        *(f"the approval of {name} ended with deployment {seq}" for name, seq in ended.items() if name not in counted),
        f"the approval of {', '.join(sorted(barred))} does not count ({part})" if barred else "",
        f"the approval of {', '.join(sorted(partial))} does not count for their own changes" if partial else "",
        ", ".join(sorted(strangers)),
        f"the settings of {request.target} have changed since it was approved" if others else "",
        *(_describe_new_effects(request) if request.action == "rollback" else ()),
        *_explain_without_effect(request),
    ]
    return "".join(f"; {reason}" for reason in told if reason)


def _explain_expired(request: Request, expired: Iterable[Approval]) -> Iterator[str]:
    """Explain the expired approvals, the last one of each person, with the time of their end."""
    latest = {each.by.person_name: each for each in sorted(expired, key=lambda approval: approval.at)}
    for name, approval in sorted(latest.items()):
        if request.rules.expires is None or is_future(approval.at, request.now):
            yield f"the approval of {name} is dated {approval.at:%Y-%m-%d %H:%M} UTC, in the future"
        else:
            yield f"the approval of {name} expired on {approval.at + request.rules.expires:%Y-%m-%d %H:%M} UTC"


def _explain_without_effect(request: Request) -> Iterator[str]:
    """Explain approvals of another place, under other rules, or of stacks hidden at their time, each reason once."""
    wanted, bound = (request.release, request.settings), _list_bound_approvals(request)
    matching = [each for each in request.target_state.approvals if (each.release, each.settings) == wanted]
    # A newer valid approval of the same person at the same gate makes up for an earlier one.
    renewed = {(each.gate, each.by.person_name) for each in list_valid_approvals(request)}
    left = [each for each in matching if (each.gate, each.by.person_name) not in renewed]
    in_place = [each for each in left if each.place and not each.unread and each.place == request.place]
    yield from dict.fromkeys(_explain_place(request, each) for each in left if each not in in_place)
    yield from dict.fromkeys(_explain_rules(request, each) for each in in_place if each not in bound)
    stacks = dict.fromkeys(stack for each in left if each in bound for stack in _list_newly_plannable(request, each))
    yield from (f"{stack} could not be planned when it was approved, and can be planned now" for stack in stacks)


def _explain_place(request: Request, approval: Approval) -> str:
    if not approval.place or approval.unread:
        return f"the approval of {approval.by.person_name} was given by an older envctl: approve again"
    what = request.elsewhere.get(approval.place) or "account, region, role, backend or provider settings"
    return f"the place of {request.target} changed since the approval: {what}"


def _explain_rules(request: Request, approval: Approval) -> str:
    by = approval.by.person_name
    if not approval.rules:
        return f"the approval of {by} was given before rules were recorded: approve again"
    before, now = approval.rules, request.rules_digest
    if before == now:
        before, now = approval.recorded, request.recorded_digest
    old, new = request.documents.get(before), request.documents.get(now)
    differences = list_differences(old, new) if old and new else ("envctl.toml or a later deployment",)
    what = join_first(differences, MAX_DIFFERENCES)
    return f"the rules of {request.target} changed since {by} approved: {what}"


def _list_past_settings(request: Request) -> set[tuple[str, str]]:
    """Return the (settings, place) pairs of the current deployment and of earlier ones of the wanted release.
    Deployments without a recorded place are left out: their place is unknown.
    """
    here = request.target_state
    proof = here.evidence.get(request.identity)
    again = here.standing_rollback if request.is_repeated_rollback else None
    ran = (here.current, again, proof and proof.deployment)
    return {(deployment.settings, deployment.place) for deployment in ran if deployment and deployment.place}
