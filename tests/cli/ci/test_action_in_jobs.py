"""The action in jobs as `act` runs them: with packages from their index, in a repository that has it in a folder."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from envctl.domain.ci.pins import CHECKOUT_ACTION
from tests.cli.ci.test_pre_commit import FILES, FOLDERS, LEFT_OUT, committed
from tests.programs import SYSTEM_PATH
from tests.scaffold import create_project

pytestmark = [pytest.mark.index, pytest.mark.night, pytest.mark.slow]

TOP = Path(__file__).parents[3]
PARTS = ("action.yml", "requirements-build.lock", "requirements-run.lock", *FILES)
PROD = "environments/prod/terraform.tfvars"
JOB = f"""
on: push
jobs:
  look:
    runs-on: ubuntu-24.04
    steps:
      - uses: {CHECKOUT_ACTION}
      - id: first
        uses: ./envctl
        with:
          command: validate
          python: {sys.executable}
      - env:
          SAID: ${{{{ toJSON(steps.first.outputs) }}}}
        run: echo "first $SAID" | tr -d '\\n'
      - id: second
        uses: ./envctl
        continue-on-error: true
        with:
          command: fmt --check 'environments/prod'
          python: {sys.executable}
      - env:
          SAID: ${{{{ steps.second.outputs.problems }}}} ${{{{ steps.second.outputs.exit_code }}}}
          OUTCOME: ${{{{ steps.second.outcome }}}}
        run: echo "second $SAID $OUTCOME"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = create_project(tmp_path)
    for name in PARTS:
        (root / "envctl").mkdir(exist_ok=True)
        shutil.copy(TOP / name, root / "envctl" / name)
    for name in (*FOLDERS, "action"):
        shutil.copytree(TOP / name, root / "envctl" / name, ignore=LEFT_OUT)
    (root / ".github" / "workflows").mkdir(parents=True)
    (root / ".github" / "workflows" / "ci.yml").write_text(JOB)
    return root


def ran(repository: Path) -> "subprocess.CompletedProcess[str]":
    """Without a container: the steps run on this machine."""
    committed(repository)
    home = repository.parent / "home"
    home.mkdir()
    index = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    words = ["push", "--platform=ubuntu-24.04=-self-hosted", f"--cache-server-path={home / 'cache'}"]
    return subprocess.run(
        [Path(sys.executable).parent / "act", *words],
        cwd=repository,
        env={"PATH": SYSTEM_PATH, "HOME": os.fspath(home), **index},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=500,
        check=False,
    )


def test_job_gets_outputs_and_installs_envctl_once(repository: Path) -> None:
    done = ran(repository)
    assert done.returncode == 0, done.stdout
    assert '"reason": "done"' in done.stdout
    assert "second  0 success" in done.stdout
    assert done.stdout.count("::group::Install envctl") == 1


def test_job_fails_at_wrong_setting_with_annotation(repository: Path) -> None:
    file = repository / PROD
    line = file.read_text().count("\n") + 2
    file.write_text(f"{file.read_text()}\nugly=1\n")
    done = ran(repository)
    assert done.returncode == 1, done.stdout
    assert f"::error title=E203,file={PROD},line={line}::ugly is not a setting" in done.stdout
    assert "first " not in done.stdout
