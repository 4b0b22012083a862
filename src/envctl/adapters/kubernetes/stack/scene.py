"""What the work on one stack needs: its cluster, its names, its observer, and a way to stop."""

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from envctl.adapters.kubernetes.api import ClusterApi
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Location, OperationFailedError, Problem
from envctl.domain.kubernetes.objects import Manifest, ObjectIdentity
from envctl.domain.kubernetes.secret_values import ValueHider
from envctl.domain.kubernetes.workload import Workload
from envctl.domain.plan.changes import Action
from envctl.domain.plan.cluster_identity import ClusterIdentity
from envctl.usecases.ports.core import Observer
from envctl.usecases.ports.terraform import NO_TRACE, OnFinished, ProgressEvent, Tracer, ignore_changes

WORKERS = 8
MAX_PROBLEMS = 10
_PAUSE = 0.1
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One stack in one environment.

    Attributes:
        is_stopping: whether the user stops the command.
        places: file and line of the objects, where they are known.
        redact: removes sensitive values from the words of a server.
        trace: receives a span for each part of the work.
        on_finished: receives each changed object, and how it was changed.
        cluster: which cluster it is.
    """

    environment: str
    stack: str
    workload: Workload
    api: ClusterApi
    hider: ValueHider
    observer: Observer
    is_stopping: Callable[[], bool]
    redact: Callable[[str], str]
    trace: Tracer = NO_TRACE
    places: dict[ObjectIdentity, Location] = field(default_factory=dict)
    on_finished: OnFinished = ignore_changes
    cluster: ClusterIdentity
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def span(self, name: str) -> AbstractContextManager[None]:
        """Record how long a part of the work takes, in the lane of the stack."""
        return self.trace.span(name, f"{self.environment}/{self.stack}")

    def require_running(self) -> None:
        """Raise InterruptedByUserError if the user stops the command."""
        if self.is_stopping():
            message = f"interrupted: envctl stopped in {self.stack}"
            raise InterruptedByUserError(Problem("E311", message, "the next run continues from there"))

    def pause(self, seconds: float) -> None:
        """Sleep, and raise InterruptedByUserError as soon as the user stops the command."""
        ends_at = time.monotonic() + seconds
        while (left := ends_at - time.monotonic()) > 0:
            self.require_running()
            time.sleep(min(left, _PAUSE))
        self.require_running()

    def build_error(
        self, code: str, message: str, hint: str = "", identity: ObjectIdentity | None = None
    ) -> OperationFailedError:
        """Return an error about an object of this stack."""
        place = self.places.get(identity) if identity else None
        address = str(identity) if identity else ""
        return OperationFailedError(Problem(code, self.redact(message), hint, place, self.stack, address))

    def report(
        self,
        phase: Literal["started", "still", "done", "failed"],
        identity: ObjectIdentity,
        action: Action,
        began: float,
    ) -> None:
        """Tell the observer of an object: the time since the start is in seconds."""
        elapsed = time.monotonic() - began
        with self._lock:
            self.observer.on_progress(
                ProgressEvent(self.stack, phase, str(identity), action, elapsed, self.environment)
            )
            if phase == "done":
                self.on_finished(str(identity), action)

    def report_refresh(self, identity: ObjectIdentity) -> None:
        with self._lock:
            self.observer.on_progress(ProgressEvent(self.stack, "refresh", str(identity), environment=self.environment))

    def run_each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """Call the function for each item, several at once. Raises one error with all problems, or an interruption."""
        listed = list(items)
        with ThreadPoolExecutor(min(WORKERS, max(len(listed), 1))) as pool:
            results = list(pool.map(lambda item: self._try_one(function, item), listed))
        errors = [each for each in results if isinstance(each, _FailedObject)]
        if errors:
            raise combine_errors([each.error for each in errors])
        return [each for each in results if not isinstance(each, _FailedObject)]

    def _try_one(self, function: Callable[[Item], Result], item: Item) -> "Result | _FailedObject":
        try:
            self.require_running()
            return function(item)
        except EnvctlError as error:
            return _FailedObject(error)


@dataclass(frozen=True)
class _FailedObject:
    error: EnvctlError


def combine_errors(errors: Sequence[EnvctlError]) -> EnvctlError:
    """Return one error: an interruption before all others, and each problem once."""
    first = next((error for error in errors if isinstance(error, InterruptedByUserError)), errors[0])
    if isinstance(first, InterruptedByUserError) or len(errors) == 1:
        return first
    problems = tuple(dict.fromkeys(problem for error in errors for problem in error.problems))
    if left := len(problems) - MAX_PROBLEMS:
        more = Problem(problems[-1].code, f"{left} more objects have problems", stack=problems[-1].stack)
        problems = (*problems[:MAX_PROBLEMS], more) if left > 1 else problems
    return OperationFailedError(*problems)


def to_reference(identity: ObjectIdentity, api_version: str) -> Manifest:
    """Return a manifest with nothing but what an object is found by."""
    metadata = {"name": identity.name, **({"namespace": identity.namespace} if identity.namespace else {})}
    return {"apiVersion": api_version, "kind": identity.kind, "metadata": metadata}
