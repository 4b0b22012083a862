"""`envctl fmt` as it is typed, with real Terraform: from any folder, on any way to a file."""

import json
import os
from pathlib import Path

import pytest

from envctl.cli.entry import run
from tests.documents import parse_document

pytestmark = pytest.mark.terraform
PROD = "environments/prod/terraform.tfvars"
UGLY, PRETTY = 'cidr="10.30.0.0/16"\nsize = 3\n', 'cidr = "10.30.0.0/16"\nsize = 3\n'


@pytest.fixture
def prod(project: Path) -> Path:
    file = project / PROD
    file.write_text(UGLY)
    file.chmod(0o640)
    return file


def test_document_lists_formatted_and_unformatted_files(prod: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["fmt", "environments/prod", "--check", "--json"]) == 1
    document = parse_document(capfd.readouterr().out)
    assert [(each["code"], each["file"], each["line"]) for each in document["problems"]] == [("E032", PROD, 1)]
    assert document["result"] == {
        "files": [{"path": PROD, "line": 1}],
        "looked_at": 1,
        "check": True,
        "dry_run": False,
    }
    assert prod.read_text() == UGLY
    assert run(["fmt", "environments/prod", "--json"]) == 0
    assert parse_document(capfd.readouterr().out)["result"]["files"] == [{"path": PROD, "line": 1}]
    assert (prod.read_text(), prod.stat().st_mode & 0o777) == (PRETTY, 0o640)


def test_without_a_path_the_modules_are_formatted_too(project: Path, prod: Path) -> None:
    assert run(["fmt"]) == 0
    assert prod.read_text() == PRETTY
    assert 'variable "cidr" { type = string }' in (project / "modules/network/main.tf").read_text()
    assert run(["fmt", "--check"]) == 0


@pytest.mark.parametrize("way", ["prod/terraform.tfvars", "absolute", "link"])
def test_path_is_relative_to_the_current_folder(
    project: Path, prod: Path, way: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / "environments")
    there = os.pardir
    if way == "absolute":
        way = os.fspath(prod)
    elif way == "link":
        link = tmp_path_factory.mktemp("elsewhere") / "shop"
        link.symlink_to(project)
        way, there = os.fspath(prod), os.fspath(link)
    assert run(["--project", there, "fmt", way]) == 0
    assert prod.read_text() == PRETTY


def test_linked_file_is_formatted_at_its_target(project: Path, prod: Path) -> None:
    link = project / "environments" / "dev" / "terraform.tfvars"
    link.unlink()
    link.symlink_to("../prod/terraform.tfvars")
    assert run(["fmt", "environments"]) == 0
    assert (prod.read_text(), link.is_symlink()) == (PRETTY, True)


def test_link_outside_of_project_is_refused(
    project: Path, tmp_path_factory: pytest.TempPathFactory, capfd: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path_factory.mktemp("elsewhere") / "main.tf"
    outside.write_text("locals {\na=1\n}\n")
    (project / "modules/web/linked.tf").symlink_to(outside)
    for words in (["fmt"], ["fmt", "modules/web/linked.tf"], ["fmt", "modules"]):
        assert run([*words, "--json"]) == 78
        assert json.loads(capfd.readouterr().out)["problems"][0]["code"] == "E116"
    assert outside.read_text() == "locals {\na=1\n}\n"
