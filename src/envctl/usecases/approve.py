"""`envctl approve ENV --gate NAME`: one person's word that one release may reach one environment."""

from dataclasses import dataclass, replace

from envctl.domain.errors import Problem, UsageError
from envctl.domain.guards import Refusal, RefusedError, Request, gates, makers, short
from envctl.domain.ledger import Actor, ApprovalGiven, Event
from envctl.domain.nearest import nearest
from envctl.domain.present import Present
from envctl.domain.project import Project
from envctl.usecases import candidates, load, record
from envctl.usecases.ports import Ports


@dataclass(frozen=True)
class Approved:
    """`already` means that this person had approved it before. `missing` says for each gate how many are lacking."""

    environment: str
    gate: str
    release: str
    by: Actor
    already: bool
    missing: dict[str, int]
    next: str


def approve(ports: Ports, environment: str, gate: str, *, release: str | None = None) -> Approved:
    project = load.project(ports)
    target = load.known_environment(project, environment)
    _known_gate(project, target, gate)
    present = record.present(ports)
    wanted = candidates.named(present, release) if release else None
    request = _request(ports, project, present, target, wanted)
    _refuse_own(request)
    identity = request.release or ""

    def decide(now: Present) -> Event | None:
        given = [a for a in now.of(target).approvals if a.gate == gate and a.release == identity]
        if any(a.by.name == request.actor.name and a.settings == request.settings for a in given):
            return None
        return ApprovalGiven(target, gate, identity, request.settings)

    after, entry = record.append(ports, decide)
    # Counted as for somebody else, so that one's own approval shows as given.
    other = replace(request, present=after, actor=Actor(""))
    missing = {name: count for name, count in gates(other).items() if count}
    return Approved(target, gate, identity, request.actor, entry is None, missing, _next(project, target, missing))


def _request(ports: Ports, project: Project, present: Present, target: str, wanted: str | None) -> Request:
    source = project.pipeline.before(target)
    if source is not None:
        candidate = candidates.promotion(ports, project, present, source=source, target=target, release=wanted)
    elif wanted:
        candidate = candidates.redeployment(ports, project, present, target=target, release=wanted)
    else:
        raise UsageError(
            Problem("E004", f"{target} is where releases begin: which one?", f"envctl approve {target} --release …")
        )
    if candidate.release is None or candidate.request.release is None:
        raise RefusedError((_nothing_to_approve(target, source),))
    return candidate.request


def _nothing_to_approve(target: str, source: str | None) -> Refusal:
    before = f"envctl status shows what {source or target} runs"
    return Refusal("G102", "provenance", f"there is no release that could be approved for {target}", before)


def _refuse_own(request: Request) -> None:
    if request.actor.name in makers(request) and not request.self_approval:
        raise RefusedError(
            (
                Refusal(
                    "G106",
                    "approvals",
                    f"{request.actor.name} made release {short(request.release or '')}, and can't approve it",
                    "ask somebody else to approve it",
                ),
            )
        )


def _known_gate(project: Project, target: str, gate: str) -> None:
    known = project.environments[target].gates.approvals
    if gate in known:
        return
    near = nearest(gate, known)
    listed = ", ".join(known) or "none"
    hint = f"did you mean {near}? (its gates: {listed})" if near else f"its gates: {listed}"
    raise UsageError(Problem("E005", f"{target} has no gate {gate!r}", hint))


def _next(project: Project, target: str, missing: dict[str, int]) -> str:
    if missing:
        return f"envctl approve {target} --gate {next(iter(missing))}"
    return project.pipeline.way_into(target)
