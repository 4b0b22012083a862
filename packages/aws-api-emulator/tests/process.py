"""A server in a process of its own, as a program that uses it starts it. No tests."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aws_api_emulator.control_calls import TOKEN_HEADER

START_SECONDS = 30.0
NOWHERE = ("--endpoint", "http://127.0.0.1:1")
"""Options for a server without moto, which starts in a tenth of the time."""


@dataclass(frozen=True)
class RunningServer:
    """A server that answers.

    Attributes:
        state: content of its state file.
    """

    pid: int
    state: dict[str, Any]
    ca_file: Path

    @property
    def proxy_url(self) -> str:
        return f"http://127.0.0.1:{self.state['port']}"

    def call(self, method: str, path: str, body: object = None, token: str | None = None) -> tuple[int, str]:
        """Make a control call, and return the status and the text of the answer."""
        headers = {TOKEN_HEADER: self.state["token"] if token is None else token}
        with closing(http.client.HTTPConnection("127.0.0.1", self.state["port"], timeout=30)) as connection:
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode().strip()


def spawn_server(directory: Path, *options: str) -> subprocess.Popen[bytes]:
    directory.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    with (directory / "server.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "aws_api_emulator", os.fspath(directory), *options],
            cwd="/",
            env=environment | {"AWS_EC2_METADATA_DISABLED": "true"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


@contextmanager
def serve_aws(directory: Path, *options: str) -> Iterator[RunningServer]:
    """Run a server until the end of the block."""
    with spawn_server(directory, *options) as process:
        try:
            file = directory / "state.json"
            wait_until(lambda: file.exists() or process.poll() is not None)
            assert process.poll() is None, (directory / "server.log").read_text()
            yield RunningServer(process.pid, json.loads(file.read_bytes()), directory / "ca.pem")
        finally:
            process.terminate()
            process.wait(10)


def create_buckets(server: RunningServer, buckets: Sequence[tuple[str, str, str]]) -> None:
    """Create buckets, each with its region and account."""
    body = [dict(zip(("name", "region", "account_id"), bucket, strict=True)) for bucket in buckets]
    assert server.call("POST", "/_envctl/buckets", body) == (200, "ok")


def wait_until(met: Callable[[], bool], seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.02)
