"""`envctl approve ENV --reviewers`: reviews of a CI job, recorded as approvals of one plan.

An earlier job of the same run made the plan. Its reviewers read it and let the next job begin, to record the reviews.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from envctl.domain.ci.review_counts import list_later, parse_reviews
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.config.rules.asked_guards import RECORDS_ONLY
from envctl.domain.config.signing_keys import find_review_environment
from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards import Request, list_views
from envctl.domain.guards.approvals import (
    bind_approval,
    can_approve,
    format_approval,
)
from envctl.domain.guards.authors import describe_part, is_only_author, list_authors
from envctl.domain.guards.gate_approvals import GateApprovals
from envctl.domain.ledger.approval_binding import ApprovalBinding
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine, is_same_person
from envctl.domain.ledger.people.principals import build_reviewer
from envctl.domain.plan.fingerprint import to_plan_outline
from envctl.domain.plan.unseen_stacks import check_unseen, list_unseen, require_known_stacks
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rules.document import find_rules
from envctl.usecases.approval import approve
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context
from envctl.usecases.release import readings, release_store

ASKS = RECORDS_ONLY

Outcome = Literal["recorded", "already", "does not count"]
TOO_EARLY = "approved before this plan was made"


@dataclass(frozen=True)
class Reviewer:
    """A reviewer of the job. `why` is the reason if the review does not count."""

    name: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class ReviewResult:
    """The reviews of one plan. Attributes not named here are those of `ApprovalResult`."""

    environment: str
    gate: str
    release: str
    by: Actor  # the recording job
    already: bool  # every review was recorded before, or does not count
    missing: dict[str, int]
    next: str
    plan: str  # the fingerprint of the reviewed plan
    reviewers: tuple[Reviewer, ...]
    notes: tuple[str, ...] = ()
    place: str = ""
    where: str = ""
    not_seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    approvals: Mapping[str, GateApprovals] = field(default_factory=dict)
    label: ReleaseLabel | None = None


def record_reviews(
    ports: Ports,
    environment: str,
    *,
    release: str | None,
    fingerprint: str,
    attempt: int = 1,
    after: str = "",
    gate: str | None = None,
    unseen: Sequence[str] = (),
) -> ReviewResult:
    """Record the reviews of a stored plan as approvals, without a prompt.

    `after` is the output `reviews` of the job that planned: only later reviews count. If it is empty, all reviews of
    the run count, and `attempt`, the attempt of the run with the plan, must be the first.
    """
    context, target = load_context(ports, environment)
    gate = _choose_gate(context.project, target, gate)
    earlier = _read_earlier_reviews(target, after, attempt)
    candidate = approve.find_gated_candidate(context, target, release, gate)
    request = candidate.request
    approve.check_before_approval(request)
    found = candidate.require_fitting()
    require_known_stacks(unseen, request.needs)
    meaning = release_store.find_plan_by_prefix(ports, fingerprint)
    plan = to_plan_outline(meaning, target, request.identity, request.present.find_label(request.identity))
    accepted = check_unseen(plan, unseen, format_approval(request, gate))
    release_store.PLACES.save_document(ports, found.place)
    approve.save_rules_document(ports, request)
    # A plan without a stored page was shown to no reviewer.
    read = readings.find_reading(ports, found, meaning)
    binding = bind_approval(request, gate, plan=meaning.digest, unseen=accepted, reading=read.digest)
    names = ports.reviews.list_approvers(find_review_environment(context.project, target))
    later = list_later(names, earlier)
    before = [Reviewer(name, "does not count", TOO_EARLY) for name in dict.fromkeys(names) if name not in later]
    reviewers = (*before, *(_record_review(ports, request, binding, name) for name in later))
    now = replace(request, present=journal.load(ports), approved={**request.approved, meaning.digest: meaning})
    approvals = approve.list_approvals_now(context, now)
    missing, next_command = approve.find_missing_gates(context, now, approvals)
    return ReviewResult(
        environment=target,
        gate=gate,
        release=request.identity,
        by=request.actor,
        already=all(each.outcome != "recorded" for each in reviewers),
        missing=missing,
        next=next_command,
        plan=meaning.digest,
        reviewers=reviewers,
        notes=approve.list_notes(replace(request, plan=plan), plan, accepted),
        place=request.place,
        where=request.where,
        not_seen=list_unseen(plan),
        unseen=accepted,
        approvals=approvals,
        label=plan.label,
    )


def _read_earlier_reviews(target: str, after: str, attempt: int) -> Mapping[str, int]:
    """Return the reviews that had been given when the plan was made, by reviewer. Raises UsageError if unknown."""
    if not after:
        if attempt == 1:
            return {}
        # GitHub names the run of a review, not its attempt: the reviewer may have seen the plan of an earlier attempt.
        message = "the reviewers of this attempt are unknown: those of an earlier attempt may have seen another plan"
        hint = "start a new run, or give the job of `why --plan` actions: read and GITHUB_TOKEN, and pass --after"
        raise UsageError(Problem("E034", message, hint))
    try:
        return parse_reviews(after)
    except ValueError:
        message = f"invalid --after {after!r}: it is not a list of reviews"
        hint = f"pass the output `reviews` of the job that ran {format_command('why', target, plan=True)}"
        raise UsageError(Problem("E047", message, hint)) from None


def _choose_gate(project: Project, target: str, gate: str | None) -> str:
    wanted = gate or find_rules(project, target).reviewers
    if not wanted:
        message = f"the gate of {target} for reviewers in GitHub is not set"
        hint = f'[environments.{target}.gates] reviewers = "…" in envctl.toml, or --gate'
        raise UsageError(Problem("E005", message, hint))
    return wanted


def _record_review(ports: Ports, request: Request, binding: ApprovalBinding, name: str) -> Reviewer:
    # The same rules apply when the ledger is read.
    if why := _describe_bar(request, binding.gate, build_reviewer(name, request.actor, request.target)):
        return Reviewer(name, "does not count", why)
    _, entry = journal.append(ports, approve.build_approval_decision(request, binding, reviewer=name))
    return Reviewer(name, "recorded" if entry else "already")


def _describe_bar(request: Request, gate: str, actor: Actor) -> str:
    views = [view for view in list_views(request) if gate in view.rules.approvals]
    reasons = [_describe_bar_in_view(view, gate, actor) for view in views]
    # One of the two documents is enough to let it count.
    return reasons[0] if reasons and all(reasons) else ""


def _describe_bar_in_view(request: Request, gate: str, actor: Actor) -> str:
    if not request.rules.self_approval:
        if is_only_author(list_authors(request), actor):
            return describe_part(request, actor)
        if any(is_same_person(actor, each) for each in request.acting_people):
            return "promotes it"
    if not can_approve(request, gate, actor):
        if is_machine(actor):
            return f"is not a person, and {gate} has no pattern with its exact name"
        return f"may not approve at {gate}: only {' or '.join(request.rules.list_approver_patterns(gate))} may"
    return ""
