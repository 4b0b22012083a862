"""`envctl ci github` and `envctl ci gitlab`, on the real command line and in a real repository."""

import subprocess
from pathlib import Path

import pytest

from envctl.cli.entry import run
from envctl.domain.ci.generated_file import seal_file
from envctl.domain.ci.gitlab_pipeline import MAIN_FILE, find_pipeline_path
from tests.documents import parse_document
from tests.fakes.project_files import write_project

GENERATED_FILE = find_pipeline_path("envctl")
PACKAGE = f'\n[ci]\npackage = "git+https://git.example.com/acme/envctl@{"a" * 40}"\n'
FILES = {
    *(f".github/workflows/envctl-{name}.yml" for name in ("plan", "deploy", "drift", "operate")),
    *(f".github/envctl/{name}.txt" for name in ("build", "requirements", "envctl")),
}


def there(top: Path) -> set[str]:
    return {file.relative_to(top).as_posix() for file in (top / ".github").rglob("*") if file.is_file()}


@pytest.fixture
def packaged(project: Path) -> Path:
    with (project / "envctl.toml").open("a") as file:
        file.write(PACKAGE)
    return project


def test_github_workflows_are_written_and_checked(packaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ci", "github", "--check"]) == 1
    assert "E039" in capsys.readouterr().err
    assert run(["ci", "github"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "ENVCTL_ROLE (environment staging): the role for deployments to staging" in said.out
    assert there(packaged) == FILES
    assert run(["ci", "github", "--check", "--json"]) == 0
    assert {each["state"] for each in parse_document(capsys.readouterr().out)["result"]["files"]} == {"current"}


def test_workflows_of_subfolder_project_are_at_repository_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=30)
    project = tmp_path / "infra" / "shop"
    write_project(project)
    (project / "envctl.toml").write_text((project / "envctl.toml").read_text() + PACKAGE)
    assert run(["ci", "github", "--project", f"{project}"]) == 0
    assert there(tmp_path) == FILES
    monkeypatch.chdir(project)
    assert run(["ci", "github", "--check"]) == 0


def test_foreign_workflow_file_is_left_alone(packaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = packaged / ".github" / "workflows" / "envctl-plan.yml"
    mine.parent.mkdir(parents=True)
    mine.write_text("name: mine\n")
    assert run(["ci", "github", "--json"]) == 1
    document = parse_document(capsys.readouterr().out)
    assert [problem["code"] for problem in document["problems"]] == ["E038"]
    assert (mine.read_text(), there(packaged)) == ("name: mine\n", {".github/workflows/envctl-plan.yml"})


def test_sandbox_workflows_use_the_sandbox(packaged: Path) -> None:
    assert run(["ci", "github", "--sandbox", "--branch", "trunk"]) == 0
    deploy = (packaged / ".github" / "workflows" / "envctl-deploy.yml").read_text()
    assert "-m envctl --sandbox apply dev --yes" in deploy
    assert "- trunk\n" in deploy


def test_missing_package_is_said_for_github(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ci", "github"]) == 78
    said = capsys.readouterr().err
    assert "E144" in said
    assert "package =" in said
    assert not (project / ".github").exists()


def test_files_of_another_version_are_a_note(packaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ci", "github"]) == 0
    file = packaged / ".github" / "workflows" / "envctl-drift.yml"
    body = file.read_text().partition("# Project")[2].replace("Check every environment", "Check them")
    settings = file.read_text().partition(", settings ")[2][:16]
    file.write_text(seal_file("ci github", f"# Project{body}", version="0.9.0", settings=settings))
    capsys.readouterr()
    assert run(["ci", "github", "--check"]) == 0
    assert "other version .github/workflows/envctl-drift.yml" in capsys.readouterr().out


def test_ci_without_system_lists_the_systems(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ci"]) == 0
    said = capsys.readouterr().out
    assert "github" in said
    assert "gitlab" in said


def test_missing_package_is_said_for_gitlab(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ci", "gitlab"]) == 78
    said = capsys.readouterr().err
    assert "E144" in said
    assert "package =" in said
    assert not (project / ".gitlab").exists()


def test_the_pipeline_of_gitlab_is_written_and_checked(packaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ci", "gitlab", "--check"]) == 1
    assert "E039" in capsys.readouterr().err
    assert run(["ci", "gitlab"]) == 0
    said = capsys.readouterr()
    assert "ENVCTL_ROLE (environment staging): the role for deployments to staging" in said.out
    assert "ENVCTL_DRIFT=yes" in said.out
    assert run(["ci", "gitlab", "--check", "--json"]) == 0
    files = parse_document(capsys.readouterr().out)["result"]["files"]
    locks = [f".gitlab/envctl/{name}.txt" for name in ("build", "requirements", "envctl")]
    assert files == [{"path": path, "state": "current"} for path in (GENERATED_FILE, *locks, MAIN_FILE)]
    assert packaged.joinpath(GENERATED_FILE).is_file()


def test_existing_pipeline_must_include_the_generated_file(packaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (packaged / MAIN_FILE).write_text("rspec:\n  script: rspec\n")
    assert run(["ci", "gitlab"]) == 1
    said = capsys.readouterr()
    assert "E035" in said.err
    assert f"written  {GENERATED_FILE}" in said.out
    (packaged / MAIN_FILE).write_text(f"include:\n  - local: {GENERATED_FILE}\nrspec:\n  script: rspec\n")
    assert run(["ci", "gitlab", "--check"]) == 0


def test_edit_of_gitlab_pipeline_is_found(packaged: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ci", "gitlab"]) == 0
    file = packaged / GENERATED_FILE
    file.write_text(file.read_text().replace("interruptible: false", "interruptible: true", 1))
    capsys.readouterr()
    assert run(["ci", "gitlab", "--check"]) == 1
    said = capsys.readouterr()
    assert f"edited   {GENERATED_FILE}" in said.out
    assert f"{GENERATED_FILE} (edited)" in said.err
