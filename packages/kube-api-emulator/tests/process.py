"""A cluster in a process of its own, as users start it. No tests."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = ("-m", "kube_api_emulator")
_LIMIT = 60


@dataclass
class ServedCluster:
    """A running process.

    Attributes:
        line: what it printed when it was ready.
    """

    process: "subprocess.Popen[str]"
    line: str
    kubeconfig: Path

    def stop(self, number: int) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=_LIMIT)

    def run(self, *command: str | Path, text: str = "") -> str:
        """Run a program with the kubeconfig, and return what it printed."""
        variables = {"KUBECONFIG": str(self.kubeconfig), "HOME": str(self.kubeconfig.parent), "PATH": os.defpath}
        done = subprocess.run(
            command, env=variables, input=text, capture_output=True, text=True, timeout=_LIMIT, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def serve_cluster(kubeconfig: Path, *options: str, python: str | Path = sys.executable) -> Iterator[ServedCluster]:
    """Start a process, and end it with the block."""
    command = [python, *COMMAND, "--kubeconfig", kubeconfig, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            readable, _, _ = select.select([process.stdout], [], [], _LIMIT)
            yield ServedCluster(process, process.stdout.readline() if readable else "", kubeconfig)
        finally:
            process.kill()


def run_program(*options: str, folder: Path) -> tuple[int, str, str]:
    """Run the program to its end. Returns the exit code, and both outputs."""
    done = subprocess.run(
        [sys.executable, *COMMAND, *options], cwd=folder, capture_output=True, text=True, timeout=_LIMIT, check=False
    )
    return done.returncode, done.stdout, done.stderr
