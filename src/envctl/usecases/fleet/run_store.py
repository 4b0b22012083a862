"""Runs in the store: one job begins them, many answer, and one collects. Each document is created once.

Nobody waits for anybody there: who comes too late, or twice, leaves a document of their own.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from envctl.domain.ci import run_documents
from envctl.domain.ci.run_documents import Collected, Kind, Planned, Run
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.ledger import runs_folder
from envctl.domain.ledger.events import Actor
from envctl.usecases.drift.result import EnvironmentDrift
from envctl.usecases.inspect.preview import EnvironmentPreview
from envctl.usecases.ports.core import AlreadyExistsError, Ports

ATTEMPTS = 100


@dataclass(frozen=True)
class Answer:
    """What a shard saw, of a run of the one kind or the other. `seq` is the number of the last entry of the ledger
    before it began to look, `seen` says what runs in each environment as this shard knows it, and `durations` are
    seconds by environment and stack.
    """

    run: str
    shard: int
    at: datetime
    by: Actor
    seq: int
    seen: tuple[Planned, ...] = ()
    drift: tuple[EnvironmentDrift, ...] = ()
    plans: tuple[EnvironmentPreview, ...] = ()
    durations: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


Part = Answer | Problem
"""What a shard said, or why nobody knows."""


def begin(ports: Ports, run: Run) -> None:
    ports.store.create(run_documents.begun_key(run.id), run_documents.write(run))


def begun(ports: Ports, run: str, kind: Kind | Literal[""] = "") -> Run:
    """Raises UsageError where there is none of that name, or one of another kind."""
    data = ports.store.read(run_documents.begun_key(run)) if run_documents.is_id(run) else None
    if data is None:
        raise UsageError(Problem("E027", f"there is no run {run!r}", "begin one: envctl matrix"))
    try:
        found = run_documents.read(Run, data)
    except run_documents.UnreadableError as error:
        raise OperationFailedError(_unreadable(f"run {run}", str(error))) from error
    if kind and found.kind != kind:
        message = f"{run} is a run of envctl {found.kind}"
        raise UsageError(Problem("E027", message, f"envctl {found.kind} --run {run} --shard N"))
    return found


def waiting(ports: Ports) -> str:
    """The last run that nobody has collected yet."""
    done = set(_listed(ports, run_documents.COLLECTED))
    left = [run for run in _listed(ports, run_documents.BEGUN) if run not in done]
    if not left:
        message = f"no run of the last {runs_folder.KEPT.days} days waits to be collected"
        raise OperationFailedError(Problem("E473", message, "begin one: envctl matrix"))
    return left[-1]


def answer(ports: Ports, said: Answer) -> int:
    """Gives the number of the attempt. Where the answer to a write gets lost, the same is there twice, which is as good
    as once.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            ports.store.create(run_documents.answer_key(said.run, said.shard, attempt), run_documents.write(said))
        except AlreadyExistsError:
            continue
        return attempt
    message = f"shard {said.shard} of run {said.run} was answered {ATTEMPTS} times already"
    raise OperationFailedError(Problem("E474", message, "begin a new run: envctl matrix"))


def parts(ports: Ports, run: Run) -> dict[int, Part]:
    """What is known of each shard, by its last answer."""
    last = run_documents.last_answers(ports.store.keys(run_documents.answers_folder(run.id)))
    found = dict(zip(last, ports.store.read_all(list(last.values())), strict=True))
    return {number: _part(run, number, found.get(number)) for number in range(1, len(run.shards) + 1)}


def collected(ports: Ports, kind: Kind) -> Collected | None:
    """The last run of that kind that was collected, as far as it can be read: it says how long things take."""
    for run in reversed(_listed(ports, run_documents.COLLECTED)):
        if run_documents.kind_of(run) == kind:
            try:
                return run_documents.read(Collected, ports.store.read(run_documents.collected_key(run)) or b"")
            except run_documents.UnreadableError:
                return None
    return None


def collect(ports: Ports, done: Collected) -> None:
    """Who collects second leaves what the first one said."""
    with suppress(AlreadyExistsError):
        ports.store.create(run_documents.collected_key(done.run), run_documents.write(done))


def _part(run: Run, number: int, data: bytes | None) -> Part:
    if data is None:
        message = f"shard {number} of run {run.id} never answered"
        hint = f"look into the log of its job; run that job again, and then: envctl collect {run.id}"
        return Problem("E470", message, hint)
    what = f"the answer of shard {number} of run {run.id}"
    try:
        found = run_documents.read(Answer, data)
    except run_documents.UnreadableError as error:
        return _unreadable(what, str(error))
    if (found.run, found.shard) != (run.id, number):
        return _unreadable(what, f"it is that of shard {found.shard} of run {found.run}")
    return found


def _unreadable(what: str, why: str) -> Problem:
    hint = "let all jobs of a run have the same envctl, and begin a new one: envctl matrix"
    return Problem("E472", f"{what} can't be read: {why[:200]}", hint)


def _listed(ports: Ports, folder: str) -> list[str]:
    keys = ports.store.keys(folder, after=run_documents.since(ports.clock.now(), folder))
    return [run for run in map(run_documents.run_of, keys) if run_documents.is_id(run)]
