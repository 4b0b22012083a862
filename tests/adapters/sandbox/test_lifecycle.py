"""Starting, finding and stopping: one server a project, none left behind, and every failure said."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from envctl.adapters.disk.emulator_package import format_install_line
from envctl.adapters.sandbox import files, launch, lifecycle
from envctl.adapters.sandbox.lifecycle import Bucket, RunningSandbox, Sandbox
from envctl.domain.errors import ConfigurationError, OperationFailedError
from tests.adapters.sandbox.conftest import DEV, PROD, REGION, with_tiny_mirror

NOWHERE = "http://127.0.0.1:1"
# What a server of each version does, in the words of the first one: an upgrade leaves it running.
FIRST_SERVER = """
import fcntl, http.server, json, os, sys
folder, programs = sys.argv[1:]
lock = os.open(f"{folder}/server.lock", os.O_RDWR | os.O_CREAT)
fcntl.flock(lock, fcntl.LOCK_EX)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        assert (self.path, self.headers["X-Envctl-Token"]) == ("/_envctl/health", "secret")
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        assert (self.path, self.headers["X-Envctl-Token"]) == ("/_envctl/buckets", "secret")
        with open(f"{folder}/asked", "wb") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
state = {"pid": os.getpid(), "port": server.server_port, "token": "secret", "started_at": "2026-12-01T10:00:00+00:00"}
state |= {"endpoint_url": None, "programs": programs}
with open(f"{folder}/draft", "w") as file:
    json.dump(state, file)
os.rename(f"{folder}/draft", f"{folder}/state.json")
server.serve_forever()
"""


@pytest.fixture
def light(directory: Path) -> Iterator[Sandbox]:
    """A sandbox without the embedded AWS. It starts without moto, which takes most of the time of a start."""
    sandbox = Sandbox(directory, endpoint_url=NOWHERE)
    yield sandbox
    sandbox.stop()


def test_project_without_sandbox_has_none_running_or_dead(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "nothing")
    assert sandbox.find_running() is None
    assert not sandbox.has_died()
    assert not sandbox.stop()
    assert list(tmp_path.iterdir()) == []


def test_sandbox_starts_and_stops(sandbox: Sandbox, directory: Path) -> None:
    up = sandbox.start()
    assert sandbox.find_running() == up
    assert sandbox.start() == up
    assert stat.S_IMODE((directory / "state.json").stat().st_mode) == 0o600
    assert "PRIVATE KEY" not in "".join(path.read_text() for path in directory.iterdir() if path.is_file())
    assert sandbox.stop()
    assert not alive(up.pid)
    assert sandbox.find_running() is None
    assert not sandbox.has_died()
    assert [path.name for path in directory.iterdir()] == ["mirror"]
    assert not sandbox.stop()


def test_concurrent_starts_share_one_server(light: Sandbox) -> None:
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: light.start(), range(2))
    assert first == second


def test_killed_server_is_noticed_and_can_restart(light: Sandbox) -> None:
    up = light.start()
    os.kill(up.pid, signal.SIGKILL)
    wait_until(lambda: light.find_running() is None)
    assert light.has_died()
    again = light.start()
    assert again.pid != up.pid
    assert not light.has_died()


def test_hanging_server_is_dead_and_replaced(light: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envctl.adapters.sandbox.probe._HEALTH_SECONDS", 0.5)
    monkeypatch.setattr("envctl.adapters.sandbox.lifecycle._TERMINATE_SECONDS", 0.3)
    up = light.start()
    os.kill(up.pid, signal.SIGSTOP)
    assert light.find_running() is None
    assert light.has_died()
    assert light.start().pid != up.pid
    assert not alive(up.pid)


def test_terminal_interrupt_does_not_reach_the_server(light: Sandbox) -> None:
    up = light.start()
    assert os.getsid(up.pid) != os.getsid(0)
    os.kill(up.pid, signal.SIGINT)
    time.sleep(0.1)
    assert light.find_running() == up


def test_each_project_has_its_own_server(light: Sandbox, shared: RunningSandbox, directory: Path) -> None:
    up = light.start()
    assert up.proxy_url != shared.proxy_url
    directory.rename(directory.with_name("moved"))
    wait_until(lambda: not alive(up.pid))


def test_a_wanted_port_is_used(light: Sandbox) -> None:
    port = free_port()
    assert light.start(port=port).proxy_url == f"http://127.0.0.1:{port}"


def test_a_port_in_use_is_named(light: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OperationFailedError, match=rf"E502 port {port} is in use") as caught:
            light.start(port=port)
    assert caught.value.problems[0].hint
    assert light.find_running() is None


def test_failed_start_shows_the_end_of_the_log(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "_MODULE", "envctl.no_such_server")
    with pytest.raises(OperationFailedError, match=r"E503 (?s:.)*No module named .*no_such_server"):
        sandbox.start()


def test_missing_packages_are_named_with_the_fix(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "find_spec", lambda name: None if name in {"moto", "trustme"} else name)
    with pytest.raises(ConfigurationError, match=r"E501 .*trustme, moto") as caught:
        sandbox.start()
    assert caught.value.problems[0].hint.endswith("-m pip install 'envctl-promotion[sandbox]'")


def test_clusters_need_a_package_of_their_own(light: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "find_missing_modules", lambda: ("cel_expr_python",))
    with pytest.raises(ConfigurationError, match=r"E501 clusters .*cel_expr_python") as caught:
        light.start(with_clusters=True)
    assert "packages/kube-api-emulator[server]" in caught.value.problems[0].hint
    assert light.start()


def test_sandbox_of_other_programs_is_told_apart(light: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    up = light.start()
    monkeypatch.setattr(lifecycle, "describe_programs", lambda: "envctl 9.0.0, kube-api-emulator 9.0.0")
    with pytest.raises(OperationFailedError, match=r"E506 .*started by envctl 0.*, not by envctl 9") as caught:
        light.start()
    assert "sandbox down" in caught.value.problems[0].hint
    assert light.find_running() == up


def test_state_of_an_older_server_is_read(tmp_path: Path) -> None:
    older = {"pid": 1, "port": 9, "token": "t", "started_at": "", "endpoint_url": None}
    (tmp_path / "state.json").write_text(json.dumps(older))
    state = files.read_state(files.SandboxFiles(tmp_path))
    assert state is not None
    assert state.programs == ""


@pytest.mark.timeout(60)
def test_server_of_an_older_envctl_is_used(sandbox: Sandbox, directory: Path) -> None:
    command = [sys.executable, "-c", FIRST_SERVER, os.fspath(directory), files.describe_programs()]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as older:
        wait_until((directory / "state.json").exists)
        up = sandbox.find_running()
        assert up is not None
        assert (up.pid, up.started_at) == (older.pid, "2026-12-01T10:00:00+00:00")
        assert sandbox.start(buckets=[Bucket("shop", REGION, DEV)]) == up
        asked = json.loads((directory / "asked").read_bytes())
        assert asked == [{"name": "shop", "region": REGION, "account_id": DEV}]
        assert sandbox.stop()
        assert older.wait() == -signal.SIGTERM


def test_server_is_told_versions_and_install_line(directory: Path) -> None:
    arguments = launch.list_arguments(files.SandboxFiles(directory), 8080, NOWHERE)
    assert arguments == [
        *(os.fspath(directory), "--programs", files.describe_programs()),
        *("--clusters-hint", format_install_line("server"), "--port", "8080", "--endpoint", NOWHERE),
    ]
    assert "packages/kube-api-emulator[server]" in format_install_line("server")


def test_unwritable_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperationFailedError, match=r"E504 .*/file/sandbox"):
        Sandbox(tmp_path / "file" / "sandbox").start()


def test_changed_endpoint_is_refused_while_running(sandbox: Sandbox, directory: Path) -> None:
    sandbox.start()
    with pytest.raises(OperationFailedError, match=r"E506 .*http://127\.0\.0\.1:1"):
        Sandbox(directory, endpoint_url=NOWHERE).start()


def test_bucket_of_another_account_is_refused(sandbox: Sandbox) -> None:
    sandbox.start(buckets=[Bucket("shop", REGION, DEV)])
    sandbox.start(buckets=[Bucket("shop", REGION, DEV)])
    with pytest.raises(OperationFailedError, match=rf"E505 .*shop in account {PROD}"):
        sandbox.start(buckets=[Bucket("shop", REGION, PROD)])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="an empty state file"),
        pytest.param("[1]", id="a state file of another shape"),
        pytest.param('{"pid": 1}', id="a state file of another version"),
        pytest.param(
            json.dumps({"pid": os.getpid(), "port": 9, "token": "t", "started_at": "", "endpoint_url": None}),
            id="a state file whose process id was given to another process",
        ),
    ],
)
def test_malformed_state_file_raises_and_kills_nothing(text: str, sandbox: Sandbox, directory: Path) -> None:
    (directory / "state.json").write_text(text)
    assert sandbox.find_running() is None
    assert sandbox.has_died()
    assert not sandbox.stop()


def test_finding_the_sandbox_imports_no_heavy_modules() -> None:
    heavy = ("aws_api_emulator", "moto", "trustme", "boto3", "pydantic", "http.client", "ssl", "argparse", "subprocess")
    code = f"import sys, envctl.adapters.sandbox.lifecycle; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_mirror_survives_down_even_as_a_link(tmp_path: Path) -> None:
    shared_mirror = with_tiny_mirror(tmp_path / "elsewhere") / "mirror"
    directory = tmp_path / "sandbox"
    directory.mkdir()
    (directory / "mirror").symlink_to(shared_mirror)
    sandbox = Sandbox(directory, endpoint_url=NOWHERE)
    sandbox.start()
    assert sandbox.stop()
    assert (directory / "mirror").is_symlink()
    assert shared_mirror.is_dir()


def alive(pid: int) -> bool:
    """A child of ours that ended stays in the process table until we look."""
    try:
        os.waitpid(pid, os.WNOHANG)
        os.kill(pid, 0)
    except (ChildProcessError, ProcessLookupError):
        return False
    return True


def wait_until(met: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
