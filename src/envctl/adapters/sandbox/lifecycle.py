"""Starting, finding and stopping the sandbox of a project. Whoever asks again gets the one that runs."""

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.sandbox import environment, probe
from envctl.adapters.sandbox.control import Bucket, buckets_body
from envctl.adapters.sandbox.files import SandboxFiles, ServerState, is_locked, locked, read_state
from envctl.domain.errors import OperationFailedError, Problem

__all__ = ["Bucket", "RunningSandbox", "Sandbox"]

_TERMINATE_SECONDS = 5.0
_KILL_SECONDS = 5.0
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers. `moto_url` takes AWS calls directly, for those who look into it from outside."""

    pid: int
    proxy_url: str
    ca_file: Path
    moto_url: str
    started_at: str
    terraform_rc: Path

    @property
    def drops(self) -> tuple[str, ...]:
        """Patterns (fnmatch) of variables that a child must not inherit, so that real credentials are never used."""
        return environment.DROPS

    def child_environment(self) -> dict[str, str]:
        """What a child needs on top of an environment without `drops`."""
        return environment.towards(self.proxy_url, self.ca_file, self.terraform_rc)

    def environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """The whole environment of a child: what is inherited, without `drops`, turned towards the sandbox."""
        return environment.without(inherited) | self.child_environment()


class Sandbox:
    """The sandbox of one project. Nothing is written outside its directory."""

    def __init__(self, directory: Path, *, endpoint_url: str | None = None) -> None:
        self._files = SandboxFiles(directory.absolute())
        self._endpoint_url = endpoint_url

    def running(self) -> RunningSandbox | None:
        """None where there is none, or none that answers. Takes about a millisecond and raises nothing."""
        state = self._answering()
        return None if state is None else self._describe(state)

    def died(self) -> bool:
        """Whether a sandbox was started and is gone without `down`: what it held is lost."""
        return self._files.state.exists() and self.running() is None

    def up(self, *, port: int | None = None, buckets: Sequence[Bucket] = ()) -> RunningSandbox:
        """Start the sandbox where none runs, and see to the buckets. Two at once start one.

        Raises ConfigurationError (E501) and OperationFailedError (E502 to E508).
        """
        from envctl.adapters.sandbox.launch import require_packages

        require_packages(self._endpoint_url)
        with self._writing():
            self._files.directory.mkdir(parents=True, exist_ok=True)
            with locked(self._files.lifecycle_lock):
                state = self._answering() or self._start(port)
        if state.endpoint_url != self._endpoint_url:
            message = (
                f"the running sandbox stands for {state.endpoint_url or 'moto'}, not {self._endpoint_url or 'moto'}"
            )
            raise OperationFailedError(Problem("E506", message, "stop it first: envctl sandbox down"))
        self._make(buckets, state)
        return self._describe(state)

    def down(self) -> bool:
        """Stop the sandbox and remove what it left, except the provider mirror. True where one was running."""
        if not self._files.directory.is_dir():
            return False
        with self._writing(), locked(self._files.lifecycle_lock):
            was_running = self._stop()
            self._remove_files()
        return was_running

    def _start(self, port: int | None) -> ServerState:
        from envctl.adapters.sandbox.launch import launch
        from envctl.adapters.sandbox.mirror import prepare_mirror

        # One that hangs holds the lock of the server that is to come.
        self._stop()
        return launch(
            self._files, port=port, endpoint_url=self._endpoint_url, meanwhile=lambda: prepare_mirror(self._files)
        )

    def _make(self, buckets: Sequence[Bucket], state: ServerState) -> None:
        if not buckets:
            return
        answer = probe.send_buckets(state, buckets_body(buckets))
        if not answer.ok:
            reason = answer.text or "the sandbox server does not answer"
            raise OperationFailedError(Problem("E505", f"a bucket of the sandbox could not be made: {reason}"))

    def _answering(self) -> ServerState | None:
        state = read_state(self._files)
        if state is None or not is_locked(self._files.server_lock):
            return None
        return state if probe.health(state).ok else None

    def _describe(self, state: ServerState) -> RunningSandbox:
        proxy_url = f"http://127.0.0.1:{state.port}"
        return RunningSandbox(
            pid=state.pid,
            proxy_url=proxy_url,
            ca_file=self._files.authority,
            moto_url=state.endpoint_url or proxy_url,
            started_at=state.started_at,
            terraform_rc=self._files.terraform_rc,
        )

    def _stop(self) -> bool:
        # Only who holds the server's lock is the server: a process id alone may be somebody else's by now.
        state = read_state(self._files)
        if state is None or not is_locked(self._files.server_lock):
            self._files.state.unlink(missing_ok=True)
            return False
        for number, seconds in ((signal.SIGTERM, _TERMINATE_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
            _send(state.pid, number)
            if self._ended_within(seconds):
                self._files.state.unlink(missing_ok=True)
                return True
        message = f"the sandbox server (process {state.pid}) cannot be stopped"
        raise OperationFailedError(Problem("E508", message, "end that process and try again"))

    def _ended_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while is_locked(self._files.server_lock):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _remove_files(self) -> None:
        for path in self._files.directory.iterdir():
            if path == self._files.mirror:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"the sandbox cannot write to {self._files.directory}: {error.strerror or error}"
            raise OperationFailedError(
                Problem("E504", message, "free the disk, or make the folder writable")
            ) from error


def _send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
