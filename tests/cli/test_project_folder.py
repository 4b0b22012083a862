"""Commands typed in a folder below the project: paths are right from there, typed and printed."""

from pathlib import Path

import pytest

from envctl.cli.entry import run
from tests.documents import parse_document

COMMON = "environments/common.tfvars"


@pytest.fixture
def below(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(project / "modules" / "network")
    return project


def test_project_above_is_found_and_named(below: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["validate"]) == 0
    told = capfd.readouterr()
    assert told.out.startswith("Valid: ")
    assert told.err == "Project folder: ../..\n"
    assert not (below / "modules" / "network" / ".envctl").exists()


def test_project_folder_itself_is_not_named(
    below: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(below)
    assert run(["validate"]) == 0
    assert capfd.readouterr().err == ""


def test_locations_are_relative_to_current_folder(below: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (below / COMMON).write_text("nothing_reads_it = = 1\n")
    assert run(["validate"]) == 78
    assert f"at ../../{COMMON}:1" in capfd.readouterr().err
    # A document is read by programs: they know the project.
    assert run(["--json", "validate"]) == 78
    assert parse_document(capfd.readouterr().out)["problems"][0]["file"] == COMMON


def test_with_project_option_locations_are_the_projects(
    below: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (below / COMMON).write_text("nothing_reads_it = = 1\n")
    monkeypatch.chdir(below / "modules")
    assert run(["--project", "..", "validate"]) == 78
    told = capfd.readouterr().err
    assert f"at {COMMON}:1" in told
    assert "Project folder" not in told


@pytest.mark.terraform
def test_paths_of_fmt_are_relative_to_current_folder(below: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (below / "modules/network/main.tf").write_text('variable "cidr" {type=string}\n')
    assert run(["fmt", "main.tf", "--check"]) == 1
    told = capfd.readouterr().err
    assert "at main.tf:1" in told
    assert "next: envctl fmt main.tf" in told
    assert run(["fmt", "main.tf"]) == 0
    assert "  main.tf\n" in capfd.readouterr().out


def test_report_file_lies_in_current_folder(below: Path) -> None:
    assert run(["validate", "--junit", "checks.xml"]) == 0
    assert (below / "modules/network/checks.xml").is_file()


def test_new_project_lies_in_current_folder(below: Path) -> None:
    """A project may lie below another one: the nearest counts."""
    assert run(["init", "inner", "--template", "minimal"]) == 0
    assert (below / "modules/network/inner/envctl.toml").is_file()


def test_project_file_in_shared_folder_is_refused(
    below: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(below / "modules")
    below.chmod(0o1777)
    assert run(["validate"]) == 78
    told = capfd.readouterr().err
    assert "E190" in told
    assert "envctl --project .." in told


def test_without_any_project_the_folder_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "alone" / ".git").mkdir(parents=True)
    (tmp_path / "envctl.toml").touch()
    monkeypatch.chdir(tmp_path / "alone")
    assert run(["validate"]) == 78
    assert "hint: the project is in a folder above: cd .." in capfd.readouterr().err
