"""`envctl ci github` and `envctl ci gitlab`, on the real command line and in a real repository."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from envctl.cli.entry import run
from envctl.domain.ci.generated_file import seal_file
from envctl.domain.ci.gitlab_pipeline import MAIN_FILE, find_pipeline_path
from envctl.domain.ci.pins import CHECKOUT_ACTION
from tests.adapters.forge.github_server import TOKEN
from tests.adapters.forge.server import serving
from tests.adapters.forge.test_releases import Published
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


CHECKOUT, RAISED = r"actions/checkout@[0-9a-f]{40} # v[\d.]+", f"actions/checkout@{'f' * 40} # v99.0.0"


def join_lines(text: str) -> str:
    return " ".join(text.split())


class TestRaisedPins:
    @pytest.fixture
    def raised(
        self, packaged: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[tuple[Path, Published]]:
        """A project with a raised action, and the GitHub that its jobs know."""
        assert run(["ci", "github"]) == 0
        for file in (packaged / ".github" / "workflows").iterdir():
            file.write_text(re.sub(CHECKOUT, RAISED, file.read_text()))
        capsys.readouterr()
        github = Published()
        with serving(github):
            monkeypatch.setenv("GITHUB_API_URL", github.url)
            monkeypatch.delenv("GITHUB_TOKEN", raising=False)
            yield packaged, github

    def test_old_and_new_are_shown(
        self, raised: tuple[Path, Published], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "400")
        assert run(["ci", "github", "--check"]) == 0
        said = capsys.readouterr().out
        assert f"raised   {CHECKOUT_ACTION} → {RAISED} (.github/workflows/envctl-plan.yml:" in said
        assert "more places): not asked: GITHUB_TOKEN is not set" in said
        assert "raised   .github/workflows/envctl-deploy.yml" in said
        assert run(["ci", "github", "--check", "--markdown"]) == 0
        assert f"{CHECKOUT_ACTION} → {RAISED}" in join_lines(capsys.readouterr().out)
        assert run(["ci", "github", "--strict"]) == 1
        assert "E045" in capsys.readouterr().err
        assert raised[1].asked == []

    def test_document_has_each_pin(self, raised: tuple[Path, Published], capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["ci", "github", "--check", "--json"]) == 0
        (pin,) = parse_document(capsys.readouterr().out)["result"]["pins"]
        assert (pin["kind"], pin["name"], pin["state"]) == ("action", "actions/checkout", "raised")
        assert (pin["old"], pin["new"]) == (CHECKOUT_ACTION, RAISED)
        assert len({place["file"] for place in pin["places"]}) == 4

    def test_job_gets_warning_at_the_line(
        self, raised: tuple[Path, Published], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_WORKSPACE", f"{raised[0]}")
        assert run(["ci", "github", "--check", "--sarif", "s.json"]) == 0
        line = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("::warning"))
        assert line.startswith("::warning title=E045,file=.github/workflows/envctl-plan.yml,line=")
        assert RAISED in line
        (result,) = json.loads((raised[0] / "s.json").read_text())["runs"][0]["results"]
        assert (result["ruleId"], result["level"]) == ("E045", "warning")

    def test_github_verifies_the_tag(
        self, raised: tuple[Path, Published], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        folder, github = raised
        github.routes["/repos/actions/checkout/git/ref/tags/v99.0.0"] = {"object": {"sha": "f" * 40, "type": "commit"}}
        assert run(["ci", "github", "--check"]) == 0
        assert "verified by GitHub" in capsys.readouterr().out
        github.routes = {"/repos/actions/checkout": {"id": 1}}
        assert run(["ci", "github", "--check", "--sarif", "s.json"]) == 1
        said = capsys.readouterr()
        assert "E044" in said.err
        assert "GitHub has no such release" in join_lines(said.err)
        results = json.loads((folder / "s.json").read_text())["runs"][0]["results"]
        assert [each["ruleId"] for each in results] == ["E039", "E044"]

    def test_writing_says_what_it_keeps(
        self, raised: tuple[Path, Published], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "400")
        assert run(["ci", "github"]) == 0
        assert f"kept     {CHECKOUT_ACTION} → {RAISED}" in capsys.readouterr().out
        file = raised[0] / ".github" / "workflows" / "envctl-plan.yml"
        file.write_text(file.read_text().replace("v99.0.0", "v98.0.0"))
        assert run(["ci", "github"]) == 0
        assert f"replaced {CHECKOUT_ACTION} → actions/checkout@{'f' * 40} # v98.0.0" in capsys.readouterr().out
        assert CHECKOUT_ACTION in file.read_text()

    def test_line_in_subfolder_project_leads_to_the_repository(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        subprocess.run(["git", "init", "--quiet", tmp_path], check=True, timeout=30)
        project = tmp_path / "infra" / "shop"
        write_project(project)
        (project / "envctl.toml").write_text((project / "envctl.toml").read_text() + PACKAGE)
        assert run(["ci", "github", "--project", f"{project}"]) == 0
        for file in (tmp_path / ".github" / "workflows").iterdir():
            file.write_text(re.sub(CHECKOUT, RAISED, file.read_text()))
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_WORKSPACE", f"{tmp_path}")
        capsys.readouterr()
        assert run(["ci", "github", "--check", "--project", f"{project}"]) == 0
        assert "file=.github/workflows/envctl-plan.yml,line=" in capsys.readouterr().err
