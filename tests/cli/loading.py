"""What a command has loaded by its end, asked in a process of its own."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

# A command leaves without taking the interpreter down: what is to be said after it, is said where it leaves.
_PROBE = """
import os, sys
wanted, sys.argv = sys.argv[1].split(), ["envctl", *sys.argv[2:]]

def is_loaded(name):
    # What stands in for a module until its first use is a module of another type.
    return name in sys.modules and not type(sys.modules[name]).__module__.endswith("late_modules")

def leave(code):
    sys.stderr.write(f"loaded: {' '.join(filter(is_loaded, wanted))}")
    sys.stderr.flush()
    real(code)

real, os._exit = os._exit, leave
from envctl.__main__ import main
try:
    main()
except SystemExit as end:
    leave(end.code or 0)
leave(0)
"""

# Before the first Terraform runs: everything after it costs no time.
_START_PROBE = """
import os, subprocess, sys
sys.argv = ["envctl", *sys.argv[1:]]

def stop(*_, **__):
    sys.stderr.write(f"loaded: {' '.join(name for name in sys.modules if name.split('.')[0] == 'envctl')}")
    sys.stderr.flush()
    os._exit(0)

subprocess.Popen.__init__ = stop
from envctl.__main__ import main
main()
"""


def load_until_start(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> set[str]:
    """The modules of envctl that `envctl WORDS` has loaded when it starts its first process."""
    done = subprocess.run(
        [sys.executable, "-c", _START_PROBE, *words],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    _, told, names = done.stderr.rpartition("loaded: ")
    assert told, done.stderr
    return set(names.split())


def loaded(
    words: Sequence[str], modules: Sequence[str], folder: Path, environment: Mapping[str, str]
) -> tuple[set[str], subprocess.CompletedProcess[str]]:
    """Those of the modules that `envctl WORDS` has loaded, and how it ended; its last line of stderr is the answer."""
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, " ".join(modules), *words],
        cwd=folder,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    before, told, names = done.stderr.rpartition("loaded: ")
    assert told, done.stderr
    done.stderr = before
    return set(names.split()), done
