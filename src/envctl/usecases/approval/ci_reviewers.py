"""`envctl approve ENV --reviewers`: reviews of a CI job, recorded as approvals of one plan.

An earlier job of the same run made the plan. Its reviewers read it and let the next job begin, to record the reviews.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards import Request, list_views
from envctl.domain.guards.approvals import can_approve, format_approve_command, has_changed_rules, has_made_release
from envctl.domain.guards.gate_approvals import GateApprovals
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine, is_same_person
from envctl.domain.ledger.people.principals import build_reviewer
from envctl.domain.plan.fingerprint import to_plan_outline
from envctl.domain.plan.unseen_stacks import check_unseen, list_unseen
from envctl.domain.release_label import ReleaseLabel
from envctl.domain.rules.document import find_rules
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.approval import approve
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import release_store

Outcome = Literal["recorded", "already", "does not count"]


@dataclass(frozen=True)
class Reviewer:
    """A reviewer of the job. `why` is the reason if the review does not count."""

    name: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True)
class Reviewed:
    """The reviews of one plan. Attributes not named here are those of `Approved`.

    Attributes:
        by: the recording job.
        already: every review was recorded before, or does not count.
        plan: the fingerprint of the reviewed plan.
    """

    environment: str
    gate: str
    release: str
    by: Actor
    already: bool
    missing: dict[str, int]
    next: str
    plan: str
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
    gate: str | None = None,
    unseen: Sequence[str] = (),
) -> Reviewed:
    """Record the reviews of a stored plan as approvals, without a prompt, in the given attempt of the CI run."""
    context, target = load.load_context(ports, environment)
    gate = _choose_gate(context.project, target, gate)
    if attempt > 1:
        # GitHub names the run of a review, not its attempt: the reviewer may have seen the plan of an earlier attempt.
        message = "the reviewers of this attempt are unknown: those of an earlier attempt may have seen another plan"
        raise UsageError(Problem("E034", message, "start a new run; do not rerun all jobs of this one"))
    candidate = approve.find_gated_candidate(context, target, release, gate)
    request = candidate.request
    approve.check_plannable(request)
    found = candidate.require_fitting()
    meaning = release_store.find_plan_by_prefix(ports, fingerprint)
    plan = to_plan_outline(meaning, target, request.identity, request.present.find_label(request.identity))
    accepted = check_unseen(plan, unseen, request.needs, format_approve_command(request, gate))
    release_store.PLACES.save_document(ports, found.place)
    approve.save_rules_document(ports, request)
    scope = approve.ApprovalScope(gate, meaning.digest, unseen=accepted)
    names = ports.reviews.list_approvers(target)
    reviewers = tuple(_record_review(ports, request, replace(scope, reviewer=name)) for name in names)
    after = replace(request, present=journal.load(ports))
    missing, next_command = approve.find_missing_gates(context, after)
    return Reviewed(
        target,
        gate,
        request.identity,
        request.actor,
        all(each.outcome != "recorded" for each in reviewers),
        missing,
        next_command,
        meaning.digest,
        reviewers,
        approve.list_notes(replace(request, plan=plan), plan, accepted),
        request.place,
        request.where,
        list_unseen(plan),
        accepted,
        approve.list_approvals_now(context, after),
        plan.label,
    )


def _choose_gate(project: Project, target: str, gate: str | None) -> str:
    wanted = gate or find_rules(project, target).reviewers
    if not wanted:
        message = f"the gate of {target} for reviewers in GitHub is not set"
        hint = f'[environments.{target}.gates] reviewers = "…" in envctl.toml, or --gate'
        raise UsageError(Problem("E005", message, hint))
    return wanted


def _record_review(ports: Ports, request: Request, scope: approve.ApprovalScope) -> Reviewer:
    # The same rules apply when the ledger is read.
    if why := _describe_bar(request, scope.gate, build_reviewer(scope.reviewer, request.actor, request.target)):
        return Reviewer(scope.reviewer, "does not count", why)
    _, entry = journal.append(ports, approve.build_approval_decision(request, scope))
    return Reviewer(scope.reviewer, "recorded" if entry else "already")


def _describe_bar(request: Request, gate: str, actor: Actor) -> str:
    views = [view for view in list_views(request) if gate in view.rules.approvals]
    reasons = [_describe_bar_in_view(view, gate, actor) for view in views]
    # One of the two documents is enough to let it count.
    return reasons[0] if reasons and all(reasons) else ""


def _describe_bar_in_view(request: Request, gate: str, actor: Actor) -> str:
    if not request.rules.self_approval:
        if has_made_release(request, actor):
            return f"made release {shorten_id(request.identity)}"
        if has_changed_rules(request, actor):
            return "changed the rules in this release"
        if is_same_person(actor, request.actor):
            return "promotes it"
    if not can_approve(request, gate, actor):
        if is_machine(actor):
            return f"is not a person, and {gate} has no pattern with its exact name"
        return f"may not approve at {gate}: only {' or '.join(request.rules.list_approver_patterns(gate))} may"
    return ""
