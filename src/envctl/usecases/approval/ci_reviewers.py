"""`envctl approve ENV --reviewers`: what reviewers of a job said where the code is hosted, as approvals of one plan.

They saw that plan, which an earlier job of the same run has made, and let the next job begin. That one records it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from envctl.domain.config.project import Project
from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards import Request, list_views
from envctl.domain.guards.approvals import changed_rules, made_by, may_approve, to_approve
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine, is_same_person
from envctl.domain.ledger.people.principals import reviewer
from envctl.domain.plan.fingerprint import outline
from envctl.domain.plan.unseen_stacks import check_unseen, list_unseen
from envctl.domain.rules.document import find_rules
from envctl.domain.text.short_ids import short
from envctl.usecases.approval import approve
from envctl.usecases.deployment.run import there
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import place_store, plan_store

Outcome = Literal["recorded", "already", "does not count"]


@dataclass(frozen=True)
class Reviewer:
    """`why` says why it does not count, and is empty otherwise."""

    name: str
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True)
class Reviewed:
    """`by` is the job that records it, `already` that there was nothing new to record, and `plan` the fingerprint of
    what they saw. `missing` says for each gate how many approvals it still lacks, and `notes` what guards say of the
    plan. `place` is the digest of where it may be applied, and `where` that in words. `not_seen` names the stacks that
    could not be planned, and `unseen` those of them that were approved all the same.
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


def review(
    ports: Ports,
    environment: str,
    *,
    release: str | None,
    fingerprint: str,
    attempt: int = 1,
    gate: str | None = None,
    unseen: Sequence[str] = (),
) -> Reviewed:
    """`attempt` is that of the run in which the plan was made, and `unseen` names stacks that reviewers accept before
    they can be planned, as the workflow says. Nothing is planned, and nobody is asked.
    """
    project, target = load.seen_from(ports, environment)
    gate = _gate(project, target, gate)
    if attempt > 1:
        # Of each review GitHub tells the run, and not the attempt: it may have been of the plan of an earlier one.
        message = "who approved in an earlier attempt of this run, and may have seen another plan, can't be told"
        raise UsageError(Problem("E034", message, "start a new run, rather than all jobs of this one again"))
    candidate = approve.candidate_for(ports, project, target, release, gate)
    request = candidate.request
    approve.refuse_unplannable(request)
    meaning = plan_store.named(ports, fingerprint)
    plan = outline(meaning, target, request.identity)
    accepted = check_unseen(plan, unseen, request.needs, to_approve(request, gate))
    place_store.keep(ports, there(candidate.place))
    approve.keep_document(ports, request)
    said = approve.Saying(gate, meaning.fingerprint, unseen=accepted)
    told = tuple(_record(ports, request, replace(said, reviewer=name)) for name in ports.reviews.approved(target))
    missing, following = approve.lacking(ports, project, replace(request, present=journal.present(ports)))
    return Reviewed(
        target,
        gate,
        request.identity,
        request.actor,
        all(each.outcome != "recorded" for each in told),
        missing,
        following,
        meaning.fingerprint,
        told,
        (
            *approve.describe_rules_change(request),
            *approve.remarks(replace(request, plan=plan)),
            *approve.describe_not_seen(request, plan, accepted),
        ),
        request.place,
        request.where,
        list_unseen(plan),
        accepted,
    )


def _gate(project: Project, target: str, gate: str | None) -> str:
    wanted = gate or find_rules(project, target).reviewers
    if not wanted:
        message = f"nothing says at which gate of {target} reviewers in GitHub count"
        hint = f'[environments.{target}.gates] reviewers = "…" in envctl.toml, or --gate'
        raise UsageError(Problem("E005", message, hint))
    return wanted


def _record(ports: Ports, request: Request, said: approve.Saying) -> Reviewer:
    # As the ledger will be read.
    if why := _barred(request, said.gate, reviewer(said.reviewer, request.actor, request.target)):
        return Reviewer(said.reviewer, "does not count", why)
    _, entry = journal.append(ports, approve.given(request, said))
    return Reviewer(said.reviewer, "recorded" if entry else "already")


def _barred(request: Request, gate: str, who: Actor) -> str:
    views = [view for view in list_views(request) if gate in view.rules.approvals]
    reasons = [_barred_by(view, gate, who) for view in views]
    # It counts where one of the two documents lets it count.
    return reasons[0] if reasons and all(reasons) else ""


def _barred_by(request: Request, gate: str, who: Actor) -> str:
    if not request.rules.self_approval:
        if made_by(request, who):
            return f"made release {short(request.identity)}"
        if changed_rules(request, who):
            return "changed the rules that come with it"
        if is_same_person(who, request.actor):
            return "promotes it"
    if not may_approve(request, gate, who):
        if is_machine(who):
            return f"is no person, and no pattern of {gate} is its very name"
        return f"may not approve at {gate}: that may {' or '.join(request.rules.who_approves(gate))}"
    return ""
