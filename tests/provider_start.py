"""How commands of the end-to-end tests get their providers: the pytest option `--providers`.

By day it is `usual`: envctl decides. `make nightly` runs these tests twice: `traced` writes a trace of each command,
and checks that it has a reason for each Terraform that starts its providers itself; `ordinary` adds `--no-warm`, also
to the commands of jobs, and drivers without a command have no warm providers.
"""

import json
import shlex
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

OPTION = "--providers"
MODES = ("usual", "traced", "ordinary")
# Terraform's commands that need providers.
USING = ("plan", "show", "apply", "import")
WARM, ORDINARY = "providers", "ordinary start of providers: "
# Only stacks of Kubernetes objects have it: their plans and applies start no Terraform.
CONNECT = "connect"
_mode = [MODES[0]]


def register_mode(config: pytest.Config) -> None:
    _mode[0] = config.getoption(OPTION)


def ignore_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of who starts providers: their commands have the options that they say."""
    monkeypatch.setattr("tests.provider_start._mode", [MODES[0]])


def add_options(words: Sequence[str]) -> list[str]:
    """Return the words of a command with those of the ordinary way, if it is asked for."""
    return list(words) if is_warm() else ["--no-warm", *words]


def is_warm() -> bool:
    """Return whether envctl may start providers."""
    return _mode[0] != "ordinary"


def format_program() -> str:
    """Return the start of a command line of envctl for a shell, with the words of the ordinary way."""
    return shlex.join([sys.executable, "-m", "envctl", *add_options([])])


@contextmanager
def check_starts(words: Sequence[str]) -> Iterator[list[str]]:
    """Yield the words to run; afterwards check their trace, if traces are asked for. A killed command has none."""
    if _mode[0] != "traced" or any(word.startswith("--trace") for word in words):
        yield add_options(words)
        return
    with tempfile.TemporaryDirectory(prefix="envctl-trace-") as folder:
        file = Path(folder) / "trace.json"
        yield ["--trace", str(file), *words]
        if file.exists():
            unnamed = find_unnamed_starts(json.loads(file.read_text()))
            assert unnamed == [], f"{words}: no reason in the trace for the start of providers by Terraform"


def find_unnamed_starts(trace: dict[str, Any]) -> list[str]:
    """Return the processes that got no provider of envctl and have no reason for it, as `dev/web plan`.

    envctl starts providers at most once for several processes, and names the reason of each ordinary start.
    """
    events = trace["traceEvents"]
    lanes = {each["tid"]: each["args"]["name"] for each in events if each["ph"] == "M"}
    objects = {each["tid"] for each in events if each["ph"] == "X" and each["name"] == CONNECT}
    found, sources = list[str](), dict[int, str]()
    for bar in sorted((each for each in events if each["ph"] == "X"), key=lambda each: each["ts"]):
        name, lane = bar["name"], bar["tid"]
        if name == WARM or name.startswith(ORDINARY):
            sources[lane] = name
        elif name in USING and "/" in lanes[lane] and lane not in objects:
            source = sources.get(lane, "")
            if source in ("", ORDINARY):
                found.append(f"{lanes[lane]} {name}")
            if source != WARM:
                sources.pop(lane, None)
    return found
