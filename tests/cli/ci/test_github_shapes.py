"""The workflows for three shapes of repository: word for word, and as linters and security scanners see them."""

import subprocess
import sys
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from envctl.cli.entry import run
from tests.cli.ci.github_shapes import SHAPES, list_workflows, make_repository

PROGRAMS = Path(sys.executable).parent
ZIZMOR = ("zizmor", "--offline", "--persona", "auditor", ".github")
SCHEMA = ("check-jsonschema", "--builtin-schema", "vendor.github-workflows")


@pytest.fixture(params=SHAPES)
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_repository(tmp_path, request.param)


def lint(repository: Path, *command: str) -> subprocess.CompletedProcess[str]:
    program, *words = command
    return subprocess.run(
        [PROGRAMS / program, *words], cwd=repository, capture_output=True, text=True, timeout=100, check=False
    )


def spoil(repository: Path, old: str, new: str) -> None:
    file = next(file for file in list_workflows(repository) if file.name.endswith("-plan.yml"))
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_workflows_are_as_reviewed(repository: Path, snapshot: SnapshotAssertion) -> None:
    for file in list_workflows(repository):
        assert file.read_text() == snapshot(name=file.name)


def test_locks_of_two_projects_are_apart(tmp_path: Path) -> None:
    top = make_repository(tmp_path, "two projects")
    folders = {file.parent.name for file in (top / ".github").rglob("requirements.txt")}
    assert folders == {"envctl", "billing"}


def test_check_is_clean_for_each_project(repository: Path) -> None:
    for project in repository.rglob("envctl.toml"):
        assert run(["ci", "github", "--check", "--project", f"{project.parent}"]) == 0


def test_actionlint_has_nothing_to_say(repository: Path) -> None:
    done = lint(repository, "actionlint")
    assert (done.returncode, done.stdout) == (0, "")
    spoil(repository, "runs-on:", "run-on:")
    assert lint(repository, "actionlint").returncode == 1


def test_zizmor_as_auditor_has_no_finding(repository: Path) -> None:
    done = lint(repository, *ZIZMOR)
    assert (done.returncode, "No findings to report" in done.stdout + done.stderr) == (0, True), done.stdout
    spoil(repository, "run: exec ", "run: echo ${{ github.event.pull_request.title }}; exec ")
    assert lint(repository, *ZIZMOR).returncode != 0


def test_they_are_what_the_schema_says(repository: Path) -> None:
    files = [str(file) for file in list_workflows(repository)]
    done = lint(repository, *SCHEMA, *files)
    assert done.returncode == 0, done.stdout
    spoil(repository, "timeout-minutes: 5\n", "timeout: 5\n")
    assert lint(repository, *SCHEMA, *files).returncode == 1
