"""Every kind of check that asks the world has somebody who asks."""

import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from envctl.adapters.checks.check_runner import RUNNER_BY_KIND, LocalCheckRunner
from envctl.domain.config.checks.check_table import CheckResult, Probe
from envctl.domain.config.checks.kinds import KINDS, resolve_check
from envctl.domain.terraform.outputs import Output


def test_every_probe_has_a_runner() -> None:
    assert set(RUNNER_BY_KIND) == set(Probe.__subclasses__())


@pytest.mark.parametrize("kind", KINDS)
def test_every_check_kind_has_verdict_or_runner(kind: str) -> None:
    found = resolve_check(KINDS[kind].model_validate(KINDS[kind].example), kind, {"web": {"size": Output(2)}})
    assert isinstance(found, CheckResult) or type(found) in RUNNER_BY_KIND


def list_silent_tables(port: int) -> Mapping[str, Mapping[str, object]]:
    """Nothing answers these in time: at the port, connections open, and no byte comes. Any answer would pass."""
    return {
        "http": {"url": f"http://127.0.0.1:{port}", "timeout": "1s"},
        "tcp": {"host": "127.0.0.1", "port": 1, "timeout": "1s"},
        "command": {"command": [sys.executable, "-c", "import time; time.sleep(60)"], "timeout": "1s"},
        "output": {"output": "web.gone", "matches": ".*"},
    }


@pytest.mark.parametrize("kind", KINDS)
def test_check_without_an_answer_fails(kind: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
        table = list_silent_tables(server.getsockname()[1])[kind]
        found = resolve_check(KINDS[kind].model_validate(table), kind, {"web": {"size": Output(2)}})
        runner = LocalCheckRunner(tmp_path, dict)
        problem = found.problem if isinstance(found, CheckResult) else runner.run_check(found, {})
    assert problem
