"""The server of a sandbox, split off a process that has loaded moto: a start costs a tenth of the processor time.

Tests of the sandbox itself start it as users do, and so does `make nightly` (`COLD_STARTS=1`).
"""

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from envctl.__main__ import ALLOCATIONS
from envctl.adapters.sandbox import environment, launch
from envctl.adapters.sandbox.files import SandboxFiles
from tests.preloaded import start_preloaded

if TYPE_CHECKING:
    from aws_api_emulator.moto_cloud import MotoCloud

# What nearly every project asks for. Others are loaded by the server that is asked.
SERVICES = ("autoscaling", "ecs", "elbv2", "kms", "logs", "rds", "secretsmanager", "sns", "ssm")
SPAWN_ORDINARILY = launch._spawn_server
Ordinary = subprocess.Popen[bytes]
_NUMBER_BYTES = 4


class ForkedServer:
    """As much of `subprocess.Popen` as `launch_server` uses."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.pid = self._receive_number()
        self._code: int | None = None

    @property
    def returncode(self) -> int | None:
        return self._code

    @returncode.setter
    def returncode(self, code: int) -> None:
        self._code = code
        self._connection.close()

    def poll(self) -> int | None:
        if self._code is None and select.select([self._connection], [], [], 0)[0]:
            self.wait()
        return self._code

    def wait(self) -> int:
        if self._code is None:
            self.returncode = os.waitstatus_to_exitcode(self._receive_number())
        assert self._code is not None
        return self._code

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def _receive_number(self) -> int:
        data = self._connection.recv(_NUMBER_BYTES, socket.MSG_WAITALL)
        if len(data) < _NUMBER_BYTES:
            raise ConnectionError("the process that has loaded moto is gone")
        return int.from_bytes(data, "little")


def install(find_address: Callable[[], str]) -> None:
    """Let this process start sandboxes at that address, which is asked for when the first one starts."""

    def spawn_server(files: SandboxFiles, port: int | None, endpoint_url: str | None) -> "ForkedServer | Ordinary":
        if os.environ.get("COLD_STARTS"):
            return SPAWN_ORDINARILY(files, port, endpoint_url)
        words = launch.list_arguments(files, port, endpoint_url)
        task = {"words": words, "env": environment.build_server_environment(os.environ)}
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(find_address())
        with files.log_file.open("wb") as log:
            files.log_file.chmod(0o600)
            text = json.dumps(task).encode()
            socket.send_fds(connection, [len(text).to_bytes(_NUMBER_BYTES, "little")], [log.fileno()])
            connection.sendall(text)
            return ForkedServer(connection)

    launch._spawn_server = spawn_server  # type: ignore[assignment]


@cache
def start_process() -> str:
    """Start the process that loads moto, once for each process of the tests, and return its address.

    It ends with this process.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return start_preloaded("tests.warm_sandbox", environment.build_server_environment(kept))


def serve(address: str) -> None:
    """Split servers off until nobody holds the other end of the standard input any more."""
    from tests.warm import check_forkable, wait_for_task

    cloud = load_cloud()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(128)
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        while wait_for_task(listening):
            connection, _ = listening.accept()
            check_forkable()
            if os.fork() == 0:
                listening.close()
                _run_task(connection, cloud)
            connection.close()


def load_cloud() -> "MotoCloud":
    # Looking for garbage among all that is loaded would double the time.
    gc.set_threshold(ALLOCATIONS)
    from aws_api_emulator import certificates, control, proxy, server  # noqa: F401
    from aws_api_emulator.moto_cloud import MotoCloud
    from aws_api_emulator.patches.containers import eks_endpoint  # noqa: F401

    cloud = MotoCloud()
    cloud.warm_up(())
    for service in SERVICES:
        import_module(f"moto.{service}.responses")
    _read_policies()
    gc.freeze()
    return cloud


def _read_policies() -> None:
    """Read the policies of AWS, which all accounts of all sandboxes share."""
    from aws_api_emulator.patches import apply_patches
    from moto.iam.models import iam_backends

    apply_patches("iam")
    for partition in iam_backends["000000000000"].regions:
        _ = iam_backends["000000000000"][partition]
    del iam_backends["000000000000"]


def _run_task(connection: socket.socket, cloud: "MotoCloud") -> NoReturn:
    """Split the server off, and tell its number and how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, (log,), _, _ = socket.recv_fds(connection, _NUMBER_BYTES, 1)
    task = json.loads(connection.recv(int.from_bytes(length, "little"), socket.MSG_WAITALL))
    pid = os.fork()
    if pid == 0:
        _become_server(task, log, cloud)
    os.close(log)
    with suppress(BrokenPipeError):
        connection.sendall(pid.to_bytes(_NUMBER_BYTES, "little"))
        _, status = os.waitpid(pid, 0)
        connection.sendall(status.to_bytes(_NUMBER_BYTES, "little"))
    os._exit(0)


def _become_server(task: Mapping[str, object], log: int, cloud: "MotoCloud") -> NoReturn:
    import traceback

    code = 1
    try:
        os.setsid()
        with Path(os.devnull).open("rb") as nothing:
            for number, handle in enumerate((nothing.fileno(), log, log)):
                os.dup2(handle, number)
        os.closerange(3, 1024)
        sys.stdout = open(1, "w", buffering=1, encoding="utf-8", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        from aws_api_emulator import server
        from aws_api_emulator.moto_cloud import MOTO_SETTINGS
        from moto.moto_api._internal import mock_random

        os.environ.clear()
        os.environ.update(task["env"], **MOTO_SETTINGS)  # type: ignore[call-overload]
        os.chdir("/")
        # Otherwise each server would give the same ids.
        mock_random.seed()

        def open_cloud(endpoint: str | None, port: int) -> "MotoCloud":
            if endpoint:
                return server.create_cloud(endpoint, port)  # type: ignore[return-value]
            os.environ["MOTO_PORT"] = str(port)
            return cloud

        code = server.main(task["words"], open_cloud)  # type: ignore[arg-type]
    except BaseException:  # noqa: BLE001 (as Python itself at the end of a program)
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
