"""`envctl status --max-drift-age`, on the command line: output, exit code, and what a job is told."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from envctl.cli.entry import run
from envctl.usecases.drift.drift import check_drift
from tests.fakes.world import World
from tests.usecases.steps import deploy_to_staging


@pytest.fixture
def checked(project: Path) -> Path:
    """Dev was checked for drift three hours ago, staging two days ago, and a bit: the clock of the world goes on."""
    world = World()
    world.clock.time = datetime.now(UTC) - timedelta(days=3)
    deploy_to_staging(world)
    for environments, age in ((["dev", "staging"], timedelta(days=2, minutes=10)), (["dev"], timedelta(hours=3))):
        world.clock.time = datetime.now(UTC) - age
        check_drift(world.ports, environments)
    for key, data in world.store.content.items():
        file = project / ".envctl" / "store" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return project


def test_overdue_check_fails_the_command(checked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--max-drift-age", "26h"]) == 1
    said = capsys.readouterr()
    assert "Pipeline of shop" in said.out, "the status is shown all the same"
    assert "E329" in said.err
    assert "the last drift check of staging was 2 d ago; the limit is 1d2h" in " ".join(said.err.split())
    assert "check of dev" not in said.err
    assert run(["status", "--max-drift-age", "49h"]) == 0
    assert run(["status", "dev", "--max-drift-age", "26h"]) == 0
    assert run(["status"]) == 0


def test_programs_get_status_and_problem(checked: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--max-drift-age", "26h", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["exit_code"]) == (False, 1)
    assert [problem["code"] for problem in document["problems"]] == ["E329"]
    staging = document["result"]["environments"][1]
    age = datetime.now(UTC) - datetime.fromisoformat(staging["present"]["drift_checked_at"])
    assert timedelta(days=2) <= age < timedelta(days=2, minutes=20)
    assert run(["status", "--max-drift-age", "26h", "--markdown"]) == 1
    said = capsys.readouterr()
    assert ("| **staging** |" in said.out, "E329" in said.err) == (True, True)


def test_job_gets_annotation_and_reason(
    checked: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", f"{checked / 'output'}")
    assert run(["status", "--max-drift-age", "26h"]) == 1
    assert "::error title=E329::the last drift check of staging was 2 d ago" in capsys.readouterr().err
    assert {"reason=failed", "problems=E329"} <= set((checked / "output").read_text().splitlines())


@pytest.mark.parametrize("words", [["26"], [""], ["0h"], ["-1h"], ["20000d"], ["26h", "--watch"]], ids=" ".join)
def test_wrong_age_is_refused(project: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert run(["status", f"--max-drift-age={words[0]}", *words[1:]]) == 64
    assert "E019" in capsys.readouterr().err
