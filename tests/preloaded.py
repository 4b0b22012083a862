"""A process that has imported what is slow to import, and splits off one process for each task."""

import atexit
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def start_preloaded(module: str, variables: Mapping[str, str]) -> str:
    """Start `python -m MODULE SOCKET`, which says `listening` once it is ready. Return its socket.

    It ends with this process, also with a killed one: its standard input ends then.
    """
    folder = tempfile.mkdtemp(prefix="envctl-warm-")
    address = f"{folder}/socket"
    process = subprocess.Popen(
        [sys.executable, "-m", module, address],
        cwd=Path(__file__).parents[1],
        env=dict(variables),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    atexit.register(_stop_process, process, folder)
    assert process.stdout is not None
    assert process.stdout.readline() == b"listening\n"
    return address


def _stop_process(process: "subprocess.Popen[bytes]", folder: str) -> None:
    process.kill()
    process.wait()
    Path(f"{folder}/socket").unlink(missing_ok=True)
    Path(folder).rmdir()
