"""`envctl report`: the contents of the ledger and the project file, for one page."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from envctl.domain.guards.rules import list_valid_in_any_view
from envctl.domain.ledger.events import ANONYMOUS, DeploymentStarted
from envctl.domain.ledger.projection.release_matrix import ReleaseRow, build_release_matrix
from envctl.domain.ledger.state import Approval, Deployment, LedgerState
from envctl.domain.plan.changes import Action, EnvironmentPlan, count_actions
from envctl.domain.plan.fingerprint import PlanFingerprint, to_plan_outline
from envctl.domain.rules.environment_rules import Rules
from envctl.usecases.approval import explain_refusal as answers
from envctl.usecases.approval.explain_refusal import Why
from envctl.usecases.inspect import status as statuses
from envctl.usecases.inspect.status import Status
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.timeline import Timeline, list_last_attempts, load_timeline
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.release import release_store
from envctl.usecases.release.next_steps import build_adviser

MAX_DEPLOYMENTS, MAX_RELEASES, MAX_RESOURCES = 50, 20, 100


@dataclass(frozen=True)
class Outlook:
    """Guard answers for the next change of an environment, with the approvals that count today."""

    environment: str
    why: Why
    asked: Rules
    approvals: tuple[Approval, ...]


@dataclass(frozen=True)
class LastPlan:
    """The plan of the last deployment; None if it was not stored. `counts` include the `more` resources left out."""

    environment: str
    deployment: Deployment
    fingerprint: str
    plan: EnvironmentPlan | None = None
    counts: Mapping[Action, int] | None = None
    more: int = 0


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report of the first `entries` ledger entries; `head` is the hash of the last."""

    project: str
    now: datetime
    sandbox: bool
    entries: int
    head: str
    status: Status
    outlooks: tuple[Outlook, ...]
    releases: tuple[ReleaseRow, ...]
    more_releases: int
    timeline: Timeline
    plans: tuple[LastPlan, ...]


def build_report(ports: Ports) -> Report:
    """Build the report without Terraform and AWS."""
    project = project_file.load_project(ports)
    context = Context(ports, project)
    present = journal.load(ports, to_show=True)
    order = project.pipeline.order
    status = statuses.build_status(context, present)
    adviser = build_adviser(context, present)
    outlooks = []
    for each in order:
        request = replace(answers.find_next_candidate(context, present, each).request, actor=ANONYMOUS)
        why = answers.evaluate_guards(request, adviser)
        outlooks.append(Outlook(each, why, request.rules, list_valid_in_any_view(request)))
    history = load_timeline(ports, present, MAX_DEPLOYMENTS)
    attempts = dict(list_last_attempts(history.deployments))
    rows = build_release_matrix(present, order, attempts, history.since, MAX_RELEASES)
    return Report(
        project=project.name,
        now=status.now,
        sandbox=ports.sandbox,
        entries=present.seq,
        head=present.head,
        status=status,
        outlooks=tuple(outlooks),
        releases=rows,
        more_releases=sum("" in known.made_for for known in present.releases.values()) - len(rows),
        timeline=history,
        plans=_load_last_plans(ports, present, order),
    )


def _load_last_plans(ports: Ports, present: LedgerState, order: tuple[str, ...]) -> tuple[LastPlan, ...]:
    last = {each: done for each in order if (done := present.find_environment(each).last)}
    starts = list(journal.read_entries(ports, [done.seq for done in last.values()]))
    fingerprints = {
        each: entry.event.plan if isinstance(entry.event, DeploymentStarted) else ""
        for each, entry in zip(last, starts, strict=True)
    }
    stored = release_store.load_plans(ports, fingerprints.values())
    return tuple(
        _build_last_plan(each, done, fingerprints[each], stored.get(fingerprints[each])) for each, done in last.items()
    )


def _build_last_plan(environment: str, done: Deployment, fingerprint: str, meaning: PlanFingerprint | None) -> LastPlan:
    if meaning is None:
        return LastPlan(environment, done, fingerprint)
    whole = to_plan_outline(meaning, environment, done.release)
    first = to_plan_outline(PlanFingerprint(meaning.changes[:MAX_RESOURCES]), environment, done.release)
    counts = count_actions(resource for stack in whole.stacks for resource in stack.resources)
    return LastPlan(environment, done, fingerprint, first, counts, len(meaning.changes[MAX_RESOURCES:]))
