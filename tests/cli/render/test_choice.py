"""Which output goes where, on the real command line: for people, as Markdown, or for machines."""

import json
from pathlib import Path

import pytest

from envctl.cli.entry import run

PROMOTE = ["promote", "staging", "prod", "--yes"]


@pytest.mark.parametrize("words", [["why", "prod"], ["status"], ["validate"], ["history"]], ids=" ".join)
def test_a_result_is_markdown_where_that_is_asked_for(
    project: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--markdown"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(("## ", "```text\n"))
    assert said.err == ""


def test_a_refusal_stands_in_the_log_and_in_the_summary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*PROMOTE, "--markdown"]) == 3
    said = capsys.readouterr()
    assert said.out.startswith("## ❌ Refused")
    assert "| ❌ | G102 provenance |" in said.out
    assert "✗ refuses   G102 provenance" in said.err


def test_without_markdown_a_refusal_is_no_result(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(PROMOTE) == 3
    assert capsys.readouterr().out == ""


def test_what_is_wrong_stands_in_the_log_and_in_the_summary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["settings", "prd", "--markdown"]) == 64
    said = capsys.readouterr()
    assert said.out.startswith("## ❌ The command can't be carried out\n\nE002 ")
    assert "error E002" in said.err


def test_a_command_line_that_does_not_parse_has_a_summary_too(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["settings", "--markdown"]) == 64
    assert "E000 Missing argument" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["status"], PROMOTE], ids=["a result", "a refusal"])
def test_json_wins_over_markdown(project: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run([*words, "--markdown", "--json"])
    said = capsys.readouterr()
    assert json.loads(said.out)["envctl"] == 1
    assert said.err == ""
