"""The start of the server process, and the wait until it answers."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from envctl import DISTRIBUTION
from envctl.adapters.disk.emulator_package import find_missing_modules, format_install_line
from envctl.adapters.sandbox import environment, probe
from envctl.adapters.sandbox.files import SandboxFiles, ServerState, describe_programs, read_state
from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem

_MODULE = "aws_api_emulator"
_START_SECONDS = 30.0
_POLL_SECONDS = 0.01
_LOG_LINES = 15


def require_packages(endpoint_url: str | None, *, with_clusters: bool = False) -> None:
    """Check for the packages of the sandbox without importing them. Raises ConfigurationError (E501).

    Args:
        with_clusters: whether the project has stacks of Kubernetes objects.
    """
    wanted = ("trustme",) if endpoint_url else ("trustme", "moto", "flask")
    missing = [name for name in wanted if find_spec(name) is None]
    if missing:
        message = f"the sandbox needs packages that are not installed: {', '.join(missing)}"
        hint = f"install them: {shlex.quote(sys.executable)} -m pip install '{DISTRIBUTION}[sandbox]'"
        raise ConfigurationError(Problem("E501", message, hint))
    if with_clusters and (missing_modules := find_missing_modules()):
        message = f"clusters in the sandbox need packages that are not installed: {', '.join(missing_modules)}"
        raise ConfigurationError(Problem("E501", message, f"install them: {format_install_line('server')}"))


def launch_server(
    files: SandboxFiles, *, port: int | None, endpoint_url: str | None, meanwhile: Callable[[], object]
) -> ServerState:
    """Start the server, call `meanwhile` during its start, and wait until it answers.

    Raises OperationFailedError: E502 if the port is in use, E503 if the server does not start.
    """
    process = _spawn_server(files, port, endpoint_url)
    try:
        meanwhile()
        return _wait_until_ready(files, process, port)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _spawn_server(files: SandboxFiles, port: int | None, endpoint_url: str | None) -> subprocess.Popen[bytes]:
    # -P: the current folder must not shadow a package of envctl.
    command = [sys.executable, "-P", "-m", _MODULE, *list_arguments(files, port, endpoint_url)]
    with files.log_file.open("wb") as log:
        files.log_file.chmod(0o600)
        return subprocess.Popen(
            command,
            cwd="/",
            env=environment.build_server_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def list_arguments(files: SandboxFiles, port: int | None, endpoint_url: str | None) -> list[str]:
    """Return the arguments of the server, which knows neither versions of envctl nor how it was installed."""
    arguments = [str(files.directory), "--programs", describe_programs()]
    arguments += ["--clusters-hint", format_install_line("server")]
    arguments += ["--port", str(port)] if port else []
    arguments += ["--endpoint", endpoint_url] if endpoint_url else []
    return arguments


def _wait_until_ready(files: SandboxFiles, process: subprocess.Popen[bytes], port: int | None) -> ServerState:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        state = read_state(files)
        if state is not None and state.pid == process.pid and probe.check_health(state).is_ok:
            # The server outlives this process on purpose; without this line Popen would warn about it.
            process.returncode = 0
            return state
        if (code := process.poll()) is not None:
            raise OperationFailedError(_early_exit_problem(files.log_file, code, port))
        time.sleep(_POLL_SECONDS)
    message = f"the sandbox server did not answer within {_START_SECONDS:.0f} s"
    raise OperationFailedError(_failed_start_problem(message, files.log_file))


def _early_exit_problem(log: Path, code: int, port: int | None) -> Problem:
    from aws_api_emulator.exit_codes import ALREADY_RUNNING, PORT_IN_USE

    if code == PORT_IN_USE:
        hint = "stop the program on this port, choose another port, or omit the port to get a free one"
        return Problem("E502", f"port {port} is in use", hint)
    if code == ALREADY_RUNNING:
        message = "a sandbox server of another version is running"
        return Problem("E503", message, f"stop it: {format_command('sandbox down')}")
    return _failed_start_problem(f"the sandbox server ended with code {code} while it started", log)


def _failed_start_problem(message: str, log: Path) -> Problem:
    """Return the problem with the last lines of the log."""
    try:
        lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    except OSError:
        lines = []
    tail = "".join(f"\n  {line}" for line in lines)
    return Problem("E503", f"{message}{tail}", f"the whole log is {log}")
