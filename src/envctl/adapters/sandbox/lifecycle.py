"""Start, lookup and stop of the sandbox of a project. Repeated starts return the running sandbox."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from envctl.adapters.disk.files import is_file
from envctl.adapters.sandbox import environment, probe
from envctl.adapters.sandbox.files import (
    SandboxFiles,
    ServerState,
    describe_programs,
    hold_lock,
    is_locked,
    read_state,
)
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem

_TERMINATE_SECONDS = 5.0
_KILL_SECONDS = 5.0
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Bucket:
    """A versioned S3 bucket to create in a sandbox, and the account of its owner."""

    name: str
    region: str
    account_id: str


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers."""

    pid: int
    proxy_url: str
    ca_file: Path
    moto_url: str  # takes AWS calls directly, without the proxy
    started_at: str
    terraform_rc: Path

    def build_child_variables(self) -> dict[str, str]:
        """Return the variables that lead a child process to the sandbox."""
        return environment.build_variables(self.proxy_url, self.ca_file, self.terraform_rc)

    def build_environment(self, inherited: Mapping[str, str]) -> dict[str, str]:
        """Return the environment of a child process: the inherited variables, without AWS and proxies, plus its own."""
        return environment.drop_variables(inherited) | self.build_child_variables()


class Sandbox:
    """The sandbox of one project. It writes only inside its directory."""

    def __init__(self, directory: Path, *, endpoint_url: str | None = None) -> None:
        self._files = SandboxFiles(directory.absolute())
        self._endpoint_url = endpoint_url

    def find_running(self) -> RunningSandbox | None:
        """Return the sandbox if it runs and answers. Takes about a millisecond and never raises."""
        state = self._find_live_state()
        return None if state is None else self._to_running(state)

    def has_died(self) -> bool:
        """Check for a sandbox that ended without `stop`: its content is lost."""
        return self._files.state_file.exists() and self.find_running() is None

    def start(
        self, *, port: int | None = None, buckets: Sequence[Bucket] = (), with_clusters: bool = False
    ) -> RunningSandbox:
        """Start the sandbox unless it runs, and create missing buckets. Concurrent calls start one sandbox.

        Raises ConfigurationError (E501) and OperationFailedError (E502 to E508).
        """
        from envctl.adapters.sandbox.launch import require_packages

        require_packages(self._endpoint_url, with_clusters=with_clusters)
        with self._convert_write_errors():
            self._files.directory.mkdir(parents=True, exist_ok=True)
            with hold_lock(self._files.lifecycle_lock):
                state = self._find_live_state() or self._launch_server(port)
                if not is_file(self._files.terraform_rc):
                    # The command that started the server was stopped before it had unpacked the provider.
                    self._prepare_mirror()
        if state.programs != describe_programs():
            started_by = state.programs or "an older envctl"
            message = f"the running sandbox was started by {started_by}, not by {describe_programs()}"
            hint = f"stop it first, its contents are lost: {format_command('sandbox down')}"
            raise OperationFailedError(Problem("E506", message, hint))
        if state.endpoint_url != self._endpoint_url:
            found, wanted = state.endpoint_url or "moto", self._endpoint_url or "moto"
            message = f"the running sandbox has the accounts {found}, not {wanted}"
            raise OperationFailedError(Problem("E506", message, f"stop it first: {format_command('sandbox down')}"))
        self._create_buckets(buckets, state)
        return self._to_running(state)

    def stop(self) -> bool:
        """Stop the sandbox and remove its files, except the provider mirror. Return True if it was running."""
        if not self._files.directory.is_dir():
            return False
        with self._convert_write_errors(), hold_lock(self._files.lifecycle_lock):
            was_running = self._stop_server()
            self._remove_files()
        return was_running

    def _launch_server(self, port: int | None) -> ServerState:
        from envctl.adapters.sandbox.launch import launch_server

        # A hung server still holds the lock that the new one needs.
        self._stop_server()
        return launch_server(self._files, port=port, endpoint_url=self._endpoint_url, meanwhile=self._prepare_mirror)

    def _prepare_mirror(self) -> None:
        from envctl.adapters.sandbox.mirror import prepare_mirror

        prepare_mirror(self._files)

    def _create_buckets(self, buckets: Sequence[Bucket], state: ServerState) -> None:
        if not buckets:
            return
        answer = probe.request_buckets(state, json.dumps([asdict(each) for each in buckets]).encode())
        if not answer.is_ok:
            reason = answer.text or "the sandbox server does not answer"
            raise OperationFailedError(Problem("E505", f"a bucket of the sandbox could not be made: {reason}"))

    def _find_live_state(self) -> ServerState | None:
        state = read_state(self._files)
        if state is None or not is_locked(self._files.server_lock):
            return None
        return state if probe.check_health(state).is_ok else None

    def _to_running(self, state: ServerState) -> RunningSandbox:
        proxy_url = f"http://127.0.0.1:{state.port}"
        return RunningSandbox(
            pid=state.pid,
            proxy_url=proxy_url,
            ca_file=self._files.ca_file,
            moto_url=state.endpoint_url or proxy_url,
            started_at=state.started_at,
            terraform_rc=self._files.terraform_rc,
        )

    def _stop_server(self) -> bool:
        # The lock identifies the server: a process id alone may belong to another process by now.
        state = read_state(self._files)
        if state is None or not is_locked(self._files.server_lock):
            self._files.state_file.unlink(missing_ok=True)
            return False
        for number, seconds in ((signal.SIGTERM, _TERMINATE_SECONDS), (signal.SIGKILL, _KILL_SECONDS)):
            with suppress(ProcessLookupError):
                os.kill(state.pid, number)
            if self._wait_for_exit(seconds):
                self._files.state_file.unlink(missing_ok=True)
                return True
        message = f"the sandbox server (process {state.pid}) cannot be stopped"
        raise OperationFailedError(Problem("E508", message, "end that process and try again"))

    def _wait_for_exit(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while is_locked(self._files.server_lock):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _remove_files(self) -> None:
        from envctl.adapters.sandbox.mirror import remove_drafts

        remove_drafts(self._files)
        for path in self._files.directory.iterdir():
            if path == self._files.mirror_folder:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    @contextmanager
    def _convert_write_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message = f"the sandbox cannot write to {self._files.directory}: {error.strerror or error}"
            problem = Problem("E504", message, "free the disk, or make the folder writable")
            raise OperationFailedError(problem) from error
