"""Documents of matrix runs: the beginning, the answers of jobs, and the collection. Each is created once, in the store,
or in the folder that jobs of a pull request hand on: their role adds nothing to the store.

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
from envctl.domain.ci.shard_planner import MAX_JOBS
from envctl.domain.command_lines import PLACEHOLDER, format_command
from envctl.domain.errors import OperationFailedError, Problem, UsageError
from envctl.domain.ledger.events import Actor
from envctl.usecases.drift.result import EnvironmentDrift
from envctl.usecases.inspect.preview import EnvironmentPreview
from envctl.usecases.ports.core import AlreadyExistsError, Ports, Store

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


def find_store(ports: Ports, kind: str) -> Store:
    """Return where the documents of such runs are. Raises UsageError for drift in a folder: `collect` records drift on
    the word of its documents, and only the store decides by role who may write these.
    """
    if ports.results and kind != "plan":
        message = "--results is only for runs of plans: results of drift must come from the store"
        raise UsageError(Problem("E026", message, "leave --results out"))
    return ports.results or ports.store


def load_run(ports: Ports, run: str, kind: RunKind | Literal[""] = "") -> MatrixRun:
    """Load a run. Raises UsageError for an unknown name or another kind of run."""
    named, data = run_documents.find_run_kind(run), None
    if named:
        data = find_store(ports, named).read(run_documents.format_run_key(run_documents.BEGUN_FOLDER, run))
    if data is None:
        raise UsageError(Problem("E027", f"unknown run {run!r}", f"start one: {format_command('matrix')}"))
    try:
        found = run_documents.decode_document(MatrixRun, data)
    except run_documents.UnreadableDocumentError as error:
        raise OperationFailedError(_describe_unreadable(f"run {run}", str(error))) from error
    # The job of a pull request may begin runs of plans, and no other.
    if found.id != run or found.kind != named:
        raise OperationFailedError(
            _describe_unreadable(f"run {run}", f"it says that it is the {found.kind} run {found.id}")
        )
    known = {each.environment for each in found.environments}
    if len(found.shards) > MAX_JOBS or not all(shard.units.keys() <= known for shard in found.shards):
        raise OperationFailedError(_describe_unreadable(f"run {run}", "its shards don't fit its environments"))
    if kind and found.kind != kind:
        message = f"{run} is a run of envctl {found.kind}"
        raise UsageError(Problem("E027", message, format_command(found.kind, run=run, shard="N")))
    return found


def find_uncollected_run(ports: Ports) -> str:
    """Return the last uncollected run. Raises OperationFailedError (E473) if there is none."""
    store = ports.results or ports.store
    done = set(_list_runs(ports, store, run_documents.COLLECTED_FOLDER))
    uncollected = [run for run in _list_runs(ports, store, run_documents.BEGUN_FOLDER) if run not in done]
    if not uncollected:
        message = f"no run of the last {RUN_RETENTION.days} days is left to collect"
        raise OperationFailedError(Problem("E473", message, f"start one: {format_command('matrix')}"))
    return uncollected[-1]


def save_answer(ports: Ports, new: Answer) -> int:
    """Save an answer, and return the number of the attempt. A lost response of the store saves it twice: harmless."""
    store = find_store(ports, run_documents.find_run_kind(new.run))
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with suppress(AlreadyExistsError):
            key = run_documents.format_answer_key(new.run, new.shard, attempt)
            store.create(key, run_documents.encode_document(new))
            return attempt
    message = f"shard {new.shard} of run {new.run} already has {MAX_ATTEMPTS} results"
    raise OperationFailedError(Problem("E474", message, f"start a new run: {format_command('matrix')}"))


def load_answers(ports: Ports, run: MatrixRun) -> dict[int, ShardAnswer]:
    """Return the last answer of each shard, by number."""
    store = find_store(ports, run.kind)
    again = format_command("collect", run.id, results=PLACEHOLDER if ports.results else "")
    last = run_documents.select_last_answers(store.list_keys(f"{run_documents.ANSWERS_FOLDER}{run.id}/"))
    found = dict(zip(last, store.read_all(list(last.values())), strict=True))
    return {number: _parse_answer(run, number, found.get(number), again) for number in range(1, len(run.shards) + 1)}


def load_last_collected(ports: Ports, kind: RunKind) -> CollectedRun | None:
    """Return the last collected run of that kind, for its durations; None if it is unreadable.

    With a folder, the last one of any kind in the store comes first: they take about as long.
    """
    if ports.results is None:
        return _load_last_collected(ports, ports.store, kind)
    with suppress(OperationFailedError):  # a role may not read runs
        if found := _load_last_collected(ports, ports.store, ""):
            return found
    return _load_last_collected(ports, ports.results, kind)


def _load_last_collected(ports: Ports, store: Store, kind: RunKind | Literal[""]) -> CollectedRun | None:
    for run in reversed(_list_runs(ports, store, run_documents.COLLECTED_FOLDER)):
        if kind in ("", run_documents.find_run_kind(run)):
            data = store.read(run_documents.format_run_key(run_documents.COLLECTED_FOLDER, run)) or b""
            try:
                return run_documents.decode_document(CollectedRun, data)
            except run_documents.UnreadableDocumentError:
                return None
    return None


def save_collected(ports: Ports, done: CollectedRun) -> None:
    """Mark a run as collected, keeping an earlier mark."""
    with suppress(AlreadyExistsError):
        find_store(ports, run_documents.find_run_kind(done.run)).create(
            run_documents.format_run_key(run_documents.COLLECTED_FOLDER, done.run), run_documents.encode_document(done)
        )


def _parse_answer(run: MatrixRun, number: int, data: bytes | None, again: str) -> ShardAnswer:
    if data is None:
        message = f"shard {number} of run {run.id} has no result"
        hint = f"check the log of its job, run that job again, then: {again}"
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


def _list_runs(ports: Ports, store: Store, folder: str) -> list[str]:
    keys = store.list_keys(folder, after=run_documents.format_expiry_key(ports.clock.now(), folder))
    return [run for run in map(run_documents.parse_run_id, keys) if run_documents.find_run_kind(run)]
