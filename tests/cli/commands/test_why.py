"""`envctl why` on the real command line: exit codes, and how much it shows."""

from pathlib import Path

import pytest

from envctl.cli.entry import run
from tests.documents import parse_document


def test_an_answer_is_no_failure(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["why", "prod"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("prod can't be promoted: staging has no release.\n")
    assert "passes    G" not in out


def test_exit_code_says_that_it_is_blocked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["why", "prod", "--exit-code"]) == 3
    said = capsys.readouterr()
    assert "✗ refuses   G102 provenance" in said.out
    assert said.err == ""


def test_document_has_refusals_and_answers(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["why", "prod", "--exit-code", "--json"]) == 3
    document = parse_document(capsys.readouterr().out)
    assert (document["ok"], document["exit_code"], document["result"]["allowed"]) == (False, 3, False)
    (problem,) = document["problems"]
    assert (problem["code"], problem["command"]) == ("G102", problem["hint"])
    assert {answer["code"] for answer in document["result"]["answers"]} > {"G101", "G102", "G103"}


def test_document_of_an_answer_is_whole(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["why", "prod", "--json"]) == 0
    document = parse_document(capsys.readouterr().out)
    assert (document["ok"], document["problems"], document["result"]["allowed"]) == (True, [], False)


def test_all_shows_passing_guards(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["why", "prod", "--all"]) == 0
    out = capsys.readouterr().out
    assert "✓ passes    G101 order" in out
    assert "- skipped   G103 verified (depends on G102)" in out
    assert "- n/a       G106 approvals (nothing to approve)" in out
    assert "? unknown   G303 rehearsed (needs a plan)" in out


def test_one_command_leaves_the_next_as_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["why", "prod", "--all"])
    capsys.readouterr()
    run(["why", "prod"])
    assert "passes    G" not in capsys.readouterr().out


def test_junit_has_each_guard_once(project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "guards.xml"
    assert run(["why", "prod", "--exit-code", "--junit", str(file)]) == 3
    assert file.read_text().count('name="G102 provenance"') == 1
