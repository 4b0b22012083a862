"""An AWS emulator that isn't moto, in a process of its own on loopback."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 30


@contextmanager
def ministack(home: Path) -> Iterator[str]:
    """Its URL. It keeps what it writes in `home`."""
    home.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    surroundings = {
        "PATH": "/usr/bin:/bin",
        "HOME": os.fspath(home),
        "TMPDIR": os.fspath(home),
        "STATE_DIR": os.fspath(home),
        # It would listen to the whole network, and to that of things as well.
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
            _wait(server, url)
            yield url
        finally:
            server.terminate()
            server.wait(10)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _wait(server: "subprocess.Popen[bytes]", url: str) -> None:
    # Whatever a test before this one has set, the way to this machine leads over no proxy.
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
