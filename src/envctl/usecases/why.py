"""`envctl why TARGET`: every guard's answer for the next promotion, without doing anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from envctl.domain.changes import EnvironmentPlan
from envctl.domain.guards import (
    GUARDS,
    Guard,
    Refusal,
    Request,
    check_twice,
    count_asked,
    find_who,
    gates,
    list_views,
)
from envctl.domain.guards.access import account
from envctl.domain.guards.artifact import artifact
from envctl.domain.guards.both_documents import find_recorded_document
from envctl.domain.guards.plan import find_rest, same_plan
from envctl.domain.guards.secrets import secrets
from envctl.domain.meaning import meaning_of
from envctl.domain.present import Present, Unbelieved
from envctl.domain.project import Project
from envctl.domain.rules_changes import list_differences
from envctl.domain.unseen import list_unseen
from envctl.usecases import access, approved, candidates, costs, inside, kept_rules, load, record
from envctl.usecases.ports import Ports

Outcome = Literal["passes", "refuses", "warns", "moot", "unplanned"]


@dataclass(frozen=True)
class Answer:
    """What one guard says. Its question is *moot* where a guard that it rests on refuses, and *unplanned* where only a
    plan, or whoever has the credentials to make one, could answer it.
    """

    code: str
    guard: str
    outcome: Outcome
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Why:
    """`gates` says for each gate how many approvals it has, and how many it asks for; `who` can give those that lack.

    `place` is the digest of where it would land, which approvals are bound to, and `where` that in words.
    `not_seen` names the stacks that an approval of the plan does not cover unless it names them: they can't be planned
    yet, each waits for others. `rules_changed` is what the last deployment changed of the rules of the target, and
    `rules_differ` what envctl.toml says otherwise than they do.

    `opens` is when it opens by itself, where nothing but time is in the way. `planned` is what would be done, and
    `plan` its fingerprint, where that was asked for. `unbelieved` are the last entries of the ledger that do not count.
    """

    target: str
    source: str | None
    release: str | None
    now: datetime
    answers: tuple[Answer, ...]
    gates: Mapping[str, tuple[int, int]]
    who: str
    opens: datetime | None
    next: str
    plan: str = ""
    planned: EnvironmentPlan | None = None
    unbelieved: tuple[Unbelieved, ...] = ()
    place: str = ""
    where: str = ""
    not_seen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rules_changed: tuple[str, ...] = ()
    rules_differ: tuple[str, ...] = ()

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        return tuple(a.refusal for a in self.answers if a.refusal and a.outcome == "refuses")


def why(ports: Ports, target: str, *, release: str | None = None, planned: bool = False) -> Why:
    """With `planned` Terraform is asked as well, so that the guards of the plan can answer too. What that plan means is
    kept then, so that it can be approved by its fingerprint.
    """
    project, target = load.seen_from(ports, target)
    present = record.present(ports)
    wanted = candidates.named(present, release) if release is not None else None
    asked = candidate(ports, project, present, target, wanted)
    request = asked.request
    fingerprint = ""
    if planned and asked.release is not None and asked.settings is not None:
        request = access.complete(ports, project, request)
        if not account(request):
            request = inside.look(ports, project, request, asked.release, asked.settings)
            plan = _planned(ports, project, asked)
            request, fingerprint = replace(request, plan=plan), approved.keep(ports, meaning_of(plan))
    told = answered(request, project.pipeline.way_into(target))
    changed = _rules_changed(ports, request)
    return replace(told, plan=fingerprint, planned=request.plan, rules_changed=changed)


def _rules_changed(ports: Ports, request: Request) -> tuple[str, ...]:
    recorded = request.here.rules
    if recorded is None or request.document is None or request.document.is_entry:
        return ()
    pair = (recorded.before, recorded.digest)
    return kept_rules.list_changes(ports, [pair]).get(pair, ())


def _planned(ports: Ports, project: Project, asked: candidates.Candidate) -> EnvironmentPlan:
    from envctl.usecases.approve import plan_candidate

    target = asked.request.target
    with ports.workspace.lock(target, f"envctl why {target}"):
        plan = plan_candidate(ports, project, asked)
    if asked.release is not None:
        plan = costs.priced(ports, plan, costs.source(project, target, asked.release.wiring.regions))
    ports.observer.planned(plan)
    return plan


def candidate(
    ports: Ports, project: Project, present: Present, target: str, release: str | None = None
) -> candidates.Candidate:
    """What would come to an environment next: by promotion, or into the entry environment again."""
    source = project.pipeline.before(target)
    if source is None:
        return candidates.redeployment(ports, project, present, target=target, release=release)
    return candidates.promotion(ports, project, present, source=source, target=target, release=release)


def answered(request: Request, way: str) -> Why:
    """What every guard says of it. `way` is the command that does it, where nothing stands against it."""
    answers = tuple(_answers(request))
    asked, missing = count_asked(request), gates(request)
    refused = [answer.refusal for answer in answers if answer.refusal and answer.outcome == "refuses"]
    opens = [refusal.opens for refusal in refused]
    return Why(
        request.target,
        request.source,
        request.release,
        request.now,
        answers,
        {gate: (count - missing[gate], count) for gate, count in asked.items()},
        find_who(request) if any(missing.values()) else "",
        max(moment for moment in opens if moment) if opens and all(opens) else None,
        _next(refused) if refused else way,
        unbelieved=request.present.unbelieved,
        place=request.place,
        where=request.where,
        not_seen=list_unseen(request.plan) if asked and request.plan else {},
        rules_differ=_rules_differ(request),
    )


def _rules_differ(request: Request) -> tuple[str, ...]:
    before, now = find_recorded_document(request), request.document
    if before is None or now is None or before.is_entry:
        return ()
    return list_differences(before, now)


def _next(refused: list[Refusal]) -> str:
    """What somebody can do today, rather than wait."""
    return next((refusal.hint for refusal in refused if refusal.hint.startswith("envctl ")), refused[0].hint)


def _answers(request: Request) -> Iterator[Answer]:
    refused: set[str] = set()
    views = list_views(request)
    for guard in GUARDS:
        answer = _answer(guard, views, refused)
        if answer.outcome in {"refuses", "moot"}:
            refused.add(guard.code)
        yield answer


def _answer(guard: Guard, views: Sequence[Request], refused: set[str]) -> Answer:
    check = find_rest if guard.check is same_plan and views[0].plan is None else guard.check
    refusal = check_twice(check, views)
    if refusal is not None:
        return Answer(guard.code, guard.name, "warns" if refusal.warns else "refuses", refusal)
    if guard.rests_on in refused:
        return Answer(guard.code, guard.name, "moot")
    return Answer(guard.code, guard.name, "unplanned" if _unasked(guard, views[0]) else "passes")


def _unasked(guard: Guard, request: Request) -> bool:
    seen = {artifact: request.images, secrets: request.secrets}
    if guard.check in seen:
        return seen[guard.check] is None and request.action != "destroy"
    if guard.check is account:
        # Of an account it is asked twice: once of the credentials, and once of the plan.
        return request.unasked or (bool(request.account or request.role) and request.plan is None)
    return request.plan is None if guard.of_plan else guard.of_access and request.unasked
