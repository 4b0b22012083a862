"""`envctl report`: all that the ledger and the project file tell, at one moment, for a page to look at."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from envctl.domain.config.project import Project
from envctl.domain.config.rules.environment_rules import Rehearsed, Rules
from envctl.domain.guards.both_gates import list_counting
from envctl.domain.ledger.events import Actor, DeploymentStarted
from envctl.domain.ledger.release_matrix import ReleaseRow, whereabouts
from envctl.domain.ledger.state import Approval, Deployment, Present
from envctl.domain.plan.changes import Action, EnvironmentPlan, count
from envctl.domain.plan.fingerprint import PlanMeaning, outline
from envctl.usecases.approval import explain_refusal as answers
from envctl.usecases.approval.explain_refusal import Why
from envctl.usecases.inspect import status as statuses
from envctl.usecases.inspect.status import Status
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.timeline import Timeline, timeline, tried
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.release import plan_store

DEPLOYMENTS, RELEASES, RESOURCES = 50, 20, 100
# Whoever looks at a report promotes nothing: two people have to see the same gates.
NOBODY = Actor("")


@dataclass(frozen=True)
class Asked:
    """What an environment asks of whatever changes it, in seconds and in words. `may_differ` is None where its settings
    are not compared.
    """

    self_approval: bool
    expires: float | None
    soak: float
    max_age: float | None
    windows: tuple[str, ...]
    waivable: tuple[str, ...]
    committed: bool
    rehearsed: Rehearsed
    may_differ: tuple[str, ...] | None
    protected: bool
    max_destroys: int


@dataclass(frozen=True)
class Outlook:
    """What stands before the next change of an environment. `approvals` are those that count for it today."""

    environment: str
    why: Why
    asked: Asked
    approvals: tuple[Approval, ...]


@dataclass(frozen=True)
class LastPlan:
    """What the last deployment set out to do. `plan` is None where that was not kept; `counts` is of all its resources,
    of which `more` are left off.
    """

    environment: str
    deployment: Deployment
    fingerprint: str
    plan: EnvironmentPlan | None = None
    counts: Mapping[Action, int] | None = None
    more: int = 0


@dataclass(frozen=True)
class Report:
    """`entries` and `head` are the ledger's number of entries and the hash of the last: the report tells of these."""

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


def report(ports: Ports) -> Report:
    """Asks neither Terraform nor a cloud."""
    project = load.project(ports)
    present = journal.present(ports)
    order = project.pipeline.order
    status = statuses.standing(ports, project, present)
    outlooks = tuple(_outlook(ports, project, present, each) for each in order)
    history = timeline(ports, present, DEPLOYMENTS)
    rows = whereabouts(present, order, dict(tried(history.deployments)), history.since, RELEASES)
    return Report(
        project.name,
        status.now,
        ports.sandbox,
        present.seq,
        present.head,
        _with_gates(status, outlooks),
        outlooks,
        rows,
        sum("" in known.made_for for known in present.releases.values()) - len(rows),
        history,
        _plans(ports, present, order),
    )


def _with_gates(status: Status, outlooks: tuple[Outlook, ...]) -> Status:
    """The gates as they are for everybody, and not for who happens to look."""
    shown = (
        replace(each, gates=outlook.why.gates if each.gates else {})
        for each, outlook in zip(status.environments, outlooks, strict=True)
    )
    return replace(status, environments=tuple(shown))


def _outlook(ports: Ports, project: Project, present: Present, target: str) -> Outlook:
    request = replace(answers.candidate(ports, project, present, target).request, actor=NOBODY)
    told = answers.answered(request, project.pipeline.way_into(target))
    return Outlook(target, told, _asked(request.rules), list_counting(request))


def _asked(rules: Rules) -> Asked:
    from envctl.domain.config.rules.windows import spelt

    return Asked(
        self_approval=rules.self_approval,
        expires=rules.expires.total_seconds() if rules.expires else None,
        soak=rules.soak.total_seconds(),
        max_age=rules.max_age.total_seconds() if rules.max_age else None,
        windows=tuple(spelt(window) for window in rules.windows),
        waivable=tuple(sorted(rules.waivable)),
        committed=rules.committed,
        rehearsed=rules.rehearsed,
        may_differ=None if rules.may_differ is None else tuple(sorted(rules.may_differ)),
        protected=rules.protected,
        max_destroys=rules.max_destroys,
    )


def _plans(ports: Ports, present: Present, order: tuple[str, ...]) -> tuple[LastPlan, ...]:
    last = {each: done for each in order if (done := present.of(each).last)}
    starts = journal.numbered(ports, [done.seq for done in last.values()])
    prints = {
        each: entry.event.plan if isinstance(entry.event, DeploymentStarted) else ""
        for each, entry in zip(last, starts, strict=True)
    }
    kept = plan_store.kept(ports, prints.values())
    return tuple(_plan(each, done, prints[each], kept.get(prints[each])) for each, done in last.items())


def _plan(environment: str, done: Deployment, fingerprint: str, meaning: PlanMeaning | None) -> LastPlan:
    if meaning is None:
        return LastPlan(environment, done, fingerprint)
    whole = outline(meaning, environment, done.release)
    first = outline(PlanMeaning(meaning.changes[:RESOURCES]), environment, done.release)
    counts = count(resource for stack in whole.stacks for resource in stack.resources)
    return LastPlan(environment, done, fingerprint, first, counts, len(meaning.changes[RESOURCES:]))
