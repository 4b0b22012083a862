"""A program that envctl starts reads the tokens of the job from `/proc`, if nothing keeps it out."""

import subprocess
import sys

import pytest

# In a process that has tokens: starts a program without them, which looks into its parent, and then into itself.
JOB = """
import ctypes, os, subprocess, sys
from envctl.adapters.local.secret_variables import protect_memory
if os.getuid() == 0:
    # Root may read everything. A change of the user protects too: as if it had begun as this one.
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
if sys.argv[1] == "protected":
    assert protect_memory()
for script in ("cat /proc/$PPID/environ", "cat /proc/$$/environ"):
    done = subprocess.run(["/bin/sh", "-c", script], env={"OF_ITS_OWN": "x"}, capture_output=True, text=True)
    print(done.stdout, done.stderr)
"""


def run_job(mode: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", JOB, mode],
        env={"GITHUB_TOKEN": "token-of-the-job"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")
def test_started_program_reads_no_token_of_its_parent() -> None:
    assert "token-of-the-job" in run_job("open")
    shown = run_job("protected")
    assert "token-of-the-job" not in shown
    assert "Permission denied" in shown
    assert "OF_ITS_OWN" in shown
