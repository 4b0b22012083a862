"""New projects on the real command line: what is in them, and that they work."""

import os
from pathlib import Path

import pytest

from envctl.cli.entry import run
from envctl.domain.scaffold.templates import TEMPLATES
from tests.documents import parse_document

ACCOUNTS = {"dev": "999999999991", "staging": "999999999992", "prod": "999999999993"}
MINE = [
    *("--region", "us-east-1"),
    *(word for environment, account in ACCOUNTS.items() for word in ("--account", f"{environment}={account}")),
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def texts(project: Path) -> dict[str, str]:
    """All files but those of the modules, which come as they are."""
    return {
        os.fspath(path.relative_to(project)): path.read_text()
        for path in project.rglob("*")
        if path.is_file() and path.relative_to(project).parts[0] != "modules"
    }


@pytest.mark.parametrize("template", TEMPLATES)
def test_project_of_each_template_is_valid_and_renders(
    here: Path, template: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", "blog", "--template", template]) == 0
    capsys.readouterr()
    assert run(["--project", "blog", "validate"]) == 0
    # A new project has nothing to be told.
    assert len(capsys.readouterr().out.splitlines()) == 1
    for words in (["render", "dev"], ["render", "prod"]):
        assert run(["--project", "blog", *words]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("template", TEMPLATES)
def test_new_project_has_no_template_values(here: Path, template: str) -> None:
    assert run(["init", "blog", "--template", template, *MINE]) == 0
    found = texts(here / "blog")
    for word in ("shop", "111111111111", "222222222222", "333333333333"):
        assert [path for path, text in found.items() if word in text and path != "README.md"] == []
    assert "shop" not in found["README.md"]
    assert "ap-northeast" not in found["envctl.toml"]
    assert run(["--project", "blog", "validate"]) == 0


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_template_reports_its_files(here: Path, template: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "blog", "--template", template, "--json"]) == 0
    told = parse_document(capsys.readouterr().out)["result"]
    laid = {os.fspath(path.relative_to(here / "blog")) for path in (here / "blog").rglob("*") if path.is_file()}
    assert set(told["files"]) == laid
    assert {".gitignore", "README.md", "envctl.toml", "modules/vpc/README.md"} <= laid
    assert [each for each in ("modules/vpc/tests/vpc.tftest.hcl",) if each not in laid] == []
    assert told["placeholders"][:3] == ["dev", "staging", "prod"]


def test_application_is_copied_without_build_artifacts(here: Path) -> None:
    assert run(["init", "blog", "--template", "ecs"]) == 0
    assert (here / "blog" / "app" / "Dockerfile").is_file()
    assert not any((here / "blog" / "app" / name).exists() for name in ("node_modules", "build", "dist"))


@pytest.mark.parametrize("template", ["eks", "platform"])
def test_application_in_the_cluster_has_the_project_name(here: Path, template: str) -> None:
    assert run(["init", "blog", "--template", template]) == 0
    objects = (here / "blog" / "kubernetes" / "web" / "kustomization.yaml").read_text()
    assert "namespace: blog" in objects
    assert "blog:developers" in (here / "blog" / "kubernetes" / "base" / "people.yaml").read_text()


def test_gitignore_covers_files_created_by_envctl(here: Path) -> None:
    assert run(["init", "blog"]) == 0
    ignored = (here / "blog" / ".gitignore").read_text().splitlines()
    assert {".envctl/", ".terraform/", "*.tfstate"} <= set(ignored)
    assert ".terraform.lock.hcl" not in ignored


def test_output_shows_next_commands_and_placeholders(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "blog", "--template", "minimal"]) == 0
    said = capsys.readouterr().out
    for line in ("  cd blog", "  envctl validate", "  envctl --sandbox apply dev"):
        assert line in said.splitlines()
    assert "account ids of dev, staging, prod are placeholders" in " ".join(said.split())


def test_project_is_created_below_the_given_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "my work").mkdir()
    assert run(["--project", "my work", "init", "blog", "--template", "minimal"]) == 0
    assert (here / "my work" / "blog" / "envctl.toml").is_file()
    assert "  cd 'my work/blog'" in capsys.readouterr().out.splitlines()


def test_dry_run_lists_files_and_creates_none(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "blog", "--template", "minimal", "--dry-run"]) == 0
    assert "  modules/vpc/main.tf" in capsys.readouterr().out.splitlines()
    assert list(here.iterdir()) == []


REFUSED = {
    "a name that no project can have": (["Blog"], "E020"),
    "a name that is too long": (["a-very-long-name-for-a-blog"], "E020"),
    "a folder in which something lies": (["taken"], "E021"),
    "a region that is none": (["blog", "--region", "tokyo"], "E022"),
    "a region for backups where there are none": (["blog", "--recovery-region", "us-west-2"], "E022"),
    "an account that is none": (["blog", "--account", "dev=12"], "E023"),
    "an account of nothing": (["blog", "--account", "123456789012"], "E023"),
    "two accounts of one": (["blog", "--account", "dev=123456789012", "--account", "dev=210987654321"], "E023"),
    "an environment that is none": (["blog", "--account", "qa=123456789012"], "E002"),
    "a template that is none": (["blog", "--template", "wep"], "E000"),
    "no name": ([], "E000"),
}


@pytest.mark.parametrize(("words", "code"), REFUSED.values(), ids=REFUSED)
def test_project_is_not_created_with(
    here: Path, words: list[str], code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "taken").mkdir()
    (here / "taken" / "mine").write_text("")
    assert run(["init", *words, "--json"]) == 64
    assert [each["code"] for each in parse_document(capsys.readouterr().out)["problems"]] == [code]
    assert [path.name for path in here.iterdir()] == ["taken"]


def test_the_nearest_name_is_offered(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", "My Blog"]) == 64
    assert "next: envctl init my-blog" in capsys.readouterr().err
