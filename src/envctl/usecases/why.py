"""`envctl why TARGET`: every guard's answer for the next promotion, without doing anything."""

from collections.abc import Mapping
from dataclasses import dataclass

from envctl.domain.guards import GUARDS, Refusal, gates
from envctl.usecases import candidates, load, record
from envctl.usecases.ports import Ports


@dataclass(frozen=True)
class Answer:
    """What one guard says: a refusal, or none where it lets pass."""

    code: str
    guard: str
    refusal: Refusal | None


@dataclass(frozen=True)
class Why:
    """`gates` says for each gate how many approvals it has, and how many it asks for."""

    target: str
    source: str | None
    release: str | None
    answers: tuple[Answer, ...]
    gates: Mapping[str, tuple[int, int]]
    next: str

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        return tuple(answer.refusal for answer in self.answers if answer.refusal)


def why(ports: Ports, target: str, *, release: str | None = None) -> Why:
    project = load.project(ports)
    target = load.known_environment(project, target)
    present = record.present(ports)
    wanted = candidates.named(present, release) if release else None
    source = project.pipeline.before(target)
    if source is None:
        candidate = candidates.redeployment(ports, project, present, target=target, release=wanted)
    else:
        candidate = candidates.promotion(ports, project, present, source=source, target=target, release=wanted)
    request = candidate.request
    answers = tuple(Answer(guard.code, guard.name, guard.check(request)) for guard in GUARDS)
    missing = gates(request)
    counted = {gate: (wanted - missing[gate], wanted) for gate, wanted in request.approvals.items()}
    refused = next((answer.refusal for answer in answers if answer.refusal), None)
    return Why(
        target,
        source,
        request.release,
        answers,
        counted,
        refused.hint if refused else project.pipeline.way_into(target),
    )
