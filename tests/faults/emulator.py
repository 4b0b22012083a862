"""Another AWS emulator than moto, in its own process on loopback."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import SYSTEM_PATH

START_SECONDS = 30


@contextmanager
def start_ministack(home: Path) -> Iterator[str]:
    """Start ministack with its files in `home`, and yield its URL."""
    home.mkdir(parents=True, exist_ok=True)
    port = _find_free_port()
    surroundings = {
        "PATH": SYSTEM_PATH,
        "HOME": os.fspath(home),
        "TMPDIR": os.fspath(home),
        "STATE_DIR": os.fspath(home),
        # By default it listens on all interfaces, and for IoT.
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "GATEWAY_PORT": str(port),
    }
    with (home / "ministack.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "ministack"], cwd=home, env=surroundings, stdout=log, stderr=log
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_healthy(server, url)
            yield url
        finally:
            server.terminate()
            server.wait(10)


def _find_free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait_until_healthy(server: "subprocess.Popen[bytes]", url: str) -> None:
    # Without a proxy, regardless of variables set by other tests.
    directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert server.poll() is None, "ministack ended while it started: see its log"
        try:
            with directly.open(f"{url}/_ministack/health", timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("ministack does not answer")
