"""Containers of images in a registry: no engine, but what an engine would ask of the kernel."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.adapters.registry.conftest import free_port
from tests.e2e.images.building import OWN_MOUNTS, Workshop

INIT_PROGRAM = Path(__file__).with_name("contained.py")


@dataclass(frozen=True)
class Container:
    """A running one. `process` holds it, and `pid` is its own first process, as the machine sees it."""

    process: "subprocess.Popen[bytes]"
    pid: int
    port: int
    log: Path

    @property
    def root(self) -> Path:
        """Its files, while it runs."""
        return Path(f"/proc/{self.pid}/root")

    @property
    def status(self) -> dict[str, str]:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def log_lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def fetch_json(self, path: str) -> tuple[int, dict[str, Any]]:
        status, body = _fetch_path(self.port, path)
        return status, json.loads(body)

    def stop(self) -> int:
        """As an orchestrator does it. Gives the exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.process.wait(20)


@contextlib.contextmanager
def start_container(
    workshop: Workshop, reference: str, log: Path, env: Mapping[str, str] = {}, files: Mapping[str, str] = {}
) -> Iterator[Container]:
    """With the rights that compose.prod.yaml gives. The paths of `files` have to be in /run."""
    port = free_port()
    with workshop.open_container(reference) as name:
        config = workshop.read_config(name)
        told = {
            "mount": workshop.build_command("mount", name),
            "directory": config["WorkingDir"],
            "user": [int(each) for each in config["User"].split(":")],
            "command": [*config.get("Entrypoint", []), *config["Cmd"]],
            "environment": dict(each.split("=", 1) for each in config["Env"]) | {"PORT": str(port), **env},
            "files": dict(files),
        }
        separate = [*OWN_MOUNTS, "--pid", "--fork", "--kill-child"]
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*separate, sys.executable, "-I", os.fspath(INIT_PROGRAM), json.dumps(told)],
                env=workshop.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_until_healthy(process, port, log)
            (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield Container(process, int(child), port, log)
        finally:
            process.kill()
            process.wait()


def run_container(
    workshop: Workshop, reference: str, words: Sequence[str], folders: Mapping[str, Path], *, entrypoint: str = ""
) -> "subprocess.CompletedProcess[str]":
    """To its end, with nothing to write into but /tmp, and nobody to reach. `folders` are there by their paths inside;
    `words` take the place of its usual command, and `entrypoint` of its usual program.
    """
    with workshop.open_container(reference) as name:
        config = workshop.read_config(name)
        told = {
            "mount": workshop.build_command("mount", name),
            "directory": config["WorkingDir"],
            "user": [int(each) for each in config["User"].split(":")],
            "command": [*([entrypoint] if entrypoint else config["Entrypoint"]), *(words or config["Cmd"])],
            "environment": dict(each.split("=", 1) for each in config["Env"]),
            "files": {},
            "folders": {path: os.fspath(folder) for path, folder in folders.items()},
            "scratch": ["/tmp"],
        }
        separate = [*OWN_MOUNTS, "--pid", "--net", "--fork", "--kill-child"]
        return subprocess.run(
            [*separate, sys.executable, "-I", os.fspath(INIT_PROGRAM), json.dumps(told)],
            env=workshop.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def _wait_until_healthy(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        with contextlib.suppress(OSError):
            _fetch_path(port, "/health")
            return
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, "the container does not answer"
        time.sleep(0.05)


def _fetch_path(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
