"""`--junit` and `--sarif`, on the real command line."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from envctl.cli.entry import run


def wrong(project: Path) -> None:
    file = project / "environments" / "dev" / "terraform.tfvars"
    file.write_text(f"\nno_such_setting = 1\n{file.read_text()}")


@pytest.mark.parametrize(
    "words",
    [
        ("validate", "--junit", "j.xml", "--sarif=s.json"),
        ("--sarif", "s.json", "--junit=j.xml", "validate", "--json"),
        ("--junit", "other.xml", "validate", "--junit", "j.xml", "--sarif", "s.json", "--markdown"),
    ],
)
def test_problem_is_in_both_reports(project: Path, words: tuple[str, ...]) -> None:
    wrong(project)
    assert run([*words]) == 78
    (case,) = ElementTree.parse(project / "j.xml").iter("testcase")
    assert (case.get("file"), case.get("line")) == ("environments/dev/terraform.tfvars", "2")
    (result,) = json.loads((project / "s.json").read_text())["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("environments/dev/terraform.tfvars", 2)
    assert not (project / "other.xml").exists()


def test_only_refusing_guards_fail_in_junit(project: Path) -> None:
    assert run(["why", "staging", "--junit", "j.xml"]) == 0
    suite = ElementTree.parse(project / "j.xml").find("testsuite")
    assert suite is not None
    assert suite.get("name") == "guards of staging"
    assert 0 < int(suite.get("failures", "")) < int(suite.get("tests", ""))


def test_unwritable_report_file_changes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", "--junit", "nowhere/j.xml"]) == 0
    assert "nowhere/j.xml can't be written: No such file or directory" in capsys.readouterr().err


def test_executed_command_keeps_its_own_arguments(project: Path) -> None:
    assert run(["exec", "dev", "--", "true", "--junit", "j.xml"]) == 1
    assert not (project / "j.xml").exists()
