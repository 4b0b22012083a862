"""Documents of matrix runs in the store: the beginning, the answers of jobs, and the collection. Each is created once.

No job waits for another: a late or repeated one writes a document of its own.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from envctl.domain.aws.bucket_lifecycle import RUN_RETENTION
from envctl.domain.ci import run_documents
from envctl.domain.ci.run_documents import CollectedRun, MatrixRun, PlannedEnvironment, RunKind
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.ledger.events import Actor
from envctl.usecases.drift.result import EnvironmentDrift
from envctl.usecases.inspect.preview import EnvironmentPreview
from envctl.usecases.ports.core import AlreadyExistsError, Ports

MAX_ATTEMPTS = 100


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of a shard, with drift or plans. The stored document names this class."""

    run: str
    shard: int
    at: datetime
    by: Actor
    seq: int  # the last entry of the ledger before its check
    seen: tuple[PlannedEnvironment, ...] = ()  # the deployments as this shard found them
    drift: tuple[EnvironmentDrift, ...] = ()
    plans: tuple[EnvironmentPreview, ...] = ()
    durations: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # seconds by environment and stack


ShardAnswer = Answer | Problem
"""The answer of a shard, or the reason for a missing one."""


def load_run(ports: Ports, run: str, kind: RunKind | Literal[""] = "") -> MatrixRun:
    """Load a run. Raises UsageError for an unknown name or another kind of run."""
    data = (
        ports.store.read(run_documents.format_run_key(run_documents.BEGUN_FOLDER, run))
        if run_documents.is_run_id(run)
        else None
    )
    if data is None:
        raise UsageError(Problem("E027", f"unknown run {run!r}", f"start one: {format_command('matrix')}"))
    try:
        found = run_documents.decode_document(MatrixRun, data)
    except run_documents.UnreadableDocumentError as error:
        raise OperationFailedError(_describe_unreadable(f"run {run}", str(error))) from error
    # The job of a pull request may begin runs of plans, and no other.
    if found.id != run or not run_documents.is_run_of_kind(run, found.kind):
        raise OperationFailedError(
            _describe_unreadable(f"run {run}", f"it says that it is the {found.kind} run {found.id}")
        )
    if kind and found.kind != kind:
        message = f"{run} is a run of envctl {found.kind}"
        raise UsageError(Problem("E027", message, format_command(found.kind, run=run, shard="N")))
    return found


def find_uncollected_run(ports: Ports) -> str:
    """Return the last uncollected run. Raises OperationFailedError (E473) if there is none."""
    done = set(_list_runs(ports, run_documents.COLLECTED_FOLDER))
    uncollected = [run for run in _list_runs(ports, run_documents.BEGUN_FOLDER) if run not in done]
    if not uncollected:
        message = f"no run of the last {RUN_RETENTION.days} days is left to collect"
        raise OperationFailedError(Problem("E473", message, f"start one: {format_command('matrix')}"))
    return uncollected[-1]


def save_answer(ports: Ports, new: Answer) -> int:
    """Save an answer, and return the number of the attempt. A lost response of the store saves it twice: harmless."""
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with suppress(AlreadyExistsError):
            key = run_documents.format_answer_key(new.run, new.shard, attempt)
            ports.store.create(key, run_documents.encode_document(new))
            return attempt
    message = f"shard {new.shard} of run {new.run} already has {MAX_ATTEMPTS} results"
    raise OperationFailedError(Problem("E474", message, f"start a new run: {format_command('matrix')}"))


def load_answers(ports: Ports, run: MatrixRun) -> dict[int, ShardAnswer]:
    """Return the last answer of each shard, by number."""
    last = run_documents.select_last_answers(ports.store.list_keys(f"{run_documents.ANSWERS_FOLDER}{run.id}/"))
    found = dict(zip(last, ports.store.read_all(list(last.values())), strict=True))
    return {number: _parse_answer(run, number, found.get(number)) for number in range(1, len(run.shards) + 1)}


def load_last_collected(ports: Ports, kind: RunKind) -> CollectedRun | None:
    """Return the last collected run of that kind, for its durations; None if it is unreadable."""
    for run in reversed(_list_runs(ports, run_documents.COLLECTED_FOLDER)):
        if f"-{kind}-" in run:
            data = ports.store.read(run_documents.format_run_key(run_documents.COLLECTED_FOLDER, run)) or b""
            try:
                return run_documents.decode_document(CollectedRun, data)
            except run_documents.UnreadableDocumentError:
                return None
    return None


def save_collected(ports: Ports, done: CollectedRun) -> None:
    """Mark a run as collected, keeping an earlier mark."""
    with suppress(AlreadyExistsError):
        ports.store.create(
            run_documents.format_run_key(run_documents.COLLECTED_FOLDER, done.run), run_documents.encode_document(done)
        )


def _parse_answer(run: MatrixRun, number: int, data: bytes | None) -> ShardAnswer:
    if data is None:
        message = f"shard {number} of run {run.id} has no result"
        hint = f"check the log of its job, run that job again, then: {format_command('collect', run.id)}"
        return Problem("E470", message, hint)
    what = f"the result of shard {number} of run {run.id}"
    try:
        found = run_documents.decode_document(Answer, data)
    except run_documents.UnreadableDocumentError as error:
        return _describe_unreadable(what, str(error))
    if (found.run, found.shard) != (run.id, number):
        return _describe_unreadable(what, f"it belongs to shard {found.shard} of run {found.run}")
    return found


def _describe_unreadable(what: str, why: str) -> Problem:
    hint = f"use the same version of envctl in all jobs, and start a new run: {format_command('matrix')}"
    return Problem("E472", f"{what} can't be read: {why[:200]}", hint)


def _list_runs(ports: Ports, folder: str) -> list[str]:
    keys = ports.store.list_keys(folder, after=run_documents.format_expiry_key(ports.clock.now(), folder))
    return [run for run in map(run_documents.parse_run_id, keys) if run_documents.is_run_id(run)]
