"""Which output goes where, on the real command line: for people, as Markdown, or for machines."""

import json
from pathlib import Path

import pytest

from envctl.cli.entry import run

PROMOTE = ["promote", "staging", "prod", "--yes"]


@pytest.mark.parametrize("words", [["why", "prod"], ["status"], ["validate"], ["history"]], ids=" ".join)
def test_result_is_markdown_on_request(project: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*words, "--markdown"]) == 0
    said = capsys.readouterr()
    assert said.out.startswith(("## ", "```text\n"))
    assert said.err == ""


def test_refusal_is_in_log_and_summary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*PROMOTE, "--markdown"]) == 3
    said = capsys.readouterr()
    assert said.out.startswith("## ❌ Blocked by 1 guard.")
    assert "| ❌ | G102 provenance |" in said.out
    assert "✗ refuses   G102 provenance" in said.err


def test_refusal_without_markdown_prints_nothing_to_stdout(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(PROMOTE) == 3
    assert capsys.readouterr().out == ""


def test_error_is_in_log_and_summary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["settings", "prd", "--markdown"]) == 64
    said = capsys.readouterr()
    assert said.out.startswith("## ❌ The command can't run\n\nE002 ")
    assert "error E002" in said.err


def test_usage_error_is_in_the_summary(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["settings", "--markdown"]) == 64
    assert "E000 ENVIRONMENT is missing" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["status"], PROMOTE], ids=["a result", "a refusal"])
def test_json_wins_over_markdown(project: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run([*words, "--markdown", "--json"])
    said = capsys.readouterr()
    assert json.loads(said.out)["envctl"] == 1
    assert said.err == ""
