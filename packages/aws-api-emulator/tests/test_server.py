"""The process: its files, its control calls, its exit codes, and that it ends with its folder."""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from aws_api_emulator.exit_codes import ALREADY_RUNNING, PORT_IN_USE
from tests.conftest import DEV, PROD, REGION
from tests.process import NOWHERE, RunningServer, create_buckets, serve_aws, spawn_server, wait_until

IMPORT_ALL = """
import importlib, pkgutil, sys, aws_api_emulator
sys.modules["kube_api_emulator"] = None
for module in pkgutil.walk_packages(aws_api_emulator.__path__, "aws_api_emulator."):
    if not module.name.startswith(("aws_api_emulator.eks.", "aws_api_emulator.__main__")):
        importlib.import_module(module.name)
"""
STARTED_LIGHT = "import sys, aws_api_emulator.server; print([m for m in {!r} if m in sys.modules])"


def test_state_file_has_what_programs_read(tmp_path: Path) -> None:
    with serve_aws(tmp_path, *NOWHERE, "--programs", "envctl 1.0") as server:
        file = tmp_path / "state.json"
        assert set(server.state) == {"pid", "port", "token", "started_at", "endpoint_url", "programs"}
        assert (server.state["pid"], server.state["programs"]) == (server.pid, "envctl 1.0")
        assert server.state["endpoint_url"] == NOWHERE[1]
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert "PRIVATE KEY" not in "".join(path.read_text() for path in tmp_path.iterdir())
    assert not file.exists()


def test_control_calls_need_the_token(shared: RunningServer) -> None:
    assert shared.call("GET", "/_envctl/health") == (200, "ok")
    assert shared.call("GET", "/_envctl/health", token="guessed") == (403, "the token is not of this sandbox")
    assert shared.call("GET", "/_envctl/other") == (404, "no such control call")


def test_bucket_belongs_to_one_account(shared: RunningServer) -> None:
    create_buckets(shared, [("own", REGION, DEV)])
    create_buckets(shared, [("own", REGION, DEV)])
    stolen = [{"name": "own", "region": REGION, "account_id": PROD}]
    status, text = shared.call("POST", "/_envctl/buckets", stolen)
    assert (status, text.partition(": ")[0]) == (409, f"own in account {PROD}")


def test_second_server_of_a_folder_ends(tmp_path: Path) -> None:
    with serve_aws(tmp_path, *NOWHERE), spawn_server(tmp_path, *NOWHERE) as second:
        assert second.wait(20) == ALREADY_RUNNING


def test_port_in_use_has_an_exit_code(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with spawn_server(tmp_path, *NOWHERE, "--port", port) as process:
            assert process.wait(20) == PORT_IN_USE


def test_server_ends_with_its_folder(tmp_path: Path) -> None:
    with spawn_server(tmp_path / "own", *NOWHERE) as process:
        wait_until((tmp_path / "own" / "state.json").exists)
        shutil.rmtree(tmp_path / "own")
        assert process.wait(10) == 0


def test_changed_state_file_stays(tmp_path: Path) -> None:
    with spawn_server(tmp_path, *NOWHERE) as process:
        wait_until((tmp_path / "state.json").exists)
        (tmp_path / "state.json").write_text(json.dumps({"pid": 1}))
        assert process.wait(10) == 0
    assert (tmp_path / "state.json").read_text() == '{"pid": 1}'


def test_interrupt_of_the_terminal_is_ignored(tmp_path: Path) -> None:
    with serve_aws(tmp_path, *NOWHERE) as server:
        os.kill(server.pid, signal.SIGINT)
        assert server.call("GET", "/_envctl/health") == (200, "ok")


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        pytest.param(IMPORT_ALL, "", id="all but eks without kube-api-emulator"),
        pytest.param(STARTED_LIGHT.format(("moto", "trustme", "boto3")), "[]\n", id="the server before it starts"),
    ],
)
def test_imports_are_as_late_as_possible(code: str, printed: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, printed, "")
