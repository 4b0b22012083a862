"""The command lines that run without Typer mean to it what they mean here."""

from pathlib import Path
from typing import Any

import pytest

from envctl.cli import boundary, entry
from envctl.cli.boundary import CommandContext, CommandEnd, to_command_name
from envctl.cli.commands.inspect import drift, plan_tree
from envctl.cli.commands.project import validate
from envctl.cli.entry import find_short_command

LINES = (
    ["plan", "dev"],
    ["plan", "../dev"],
    ["--json", "plan", "dev"],
    ["plan", "dev", "--no-warm", "--no-ci", "--markdown"],
    ["drift"],
    ["drift", "dev", "staging"],
    ["drift", "--sandbox", "--no-color", "--debug", "--yes"],
    ["validate"],
    ["validate", "dev"],
    ["--json", "validate", "--no-color"],
)
LEFT_TO_TYPER: tuple[list[str], ...] = (
    [],
    ["plan"],
    ["plan", ""],
    ["plan", "dev", "staging"],
    ["plan", "dev", "--full"],
    ["plan", "dev", "--comment"],
    ["plan", "--", "dev"],
    ["--parallelism", "2", "plan", "dev"],
    ["plan", "dev", "--trace=t.json"],
    ["drift", "--dry-run"],
    ["drift", "-h"],
    ["validate", "dev", "staging"],
    ["validate", "--settings"],
    ["validate", "--dry-run"],
    ["status"],
)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What runs, in place of any use case."""
    found: list[object] = []

    def record(context: CommandContext, *_: object, **__: object) -> None:
        found.append((to_command_name(context), context.obj))
        raise CommandEnd(0)

    monkeypatch.setattr(plan_tree, "run_partial_use_case", record)
    for module in (boundary, drift, validate):
        monkeypatch.setattr(module, "run_use_case", record)
    return found


@pytest.mark.parametrize("sandbox", ["", "1", "true", "no"])
@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_short_command_means_what_typer_reads(
    project: Path, runs: list[Any], monkeypatch: pytest.MonkeyPatch, words: list[str], sandbox: str
) -> None:
    if sandbox:
        monkeypatch.setenv("ENVCTL_SANDBOX", sandbox)
    assert entry.run(words) == 0
    monkeypatch.setattr(entry, "find_short_command", lambda _: None)
    assert entry.run(words) == 0
    short, typers = runs
    assert short == typers


@pytest.mark.parametrize("words", LEFT_TO_TYPER, ids=" ".join)
def test_other_command_lines_are_left_to_typer(words: list[str]) -> None:
    assert find_short_command(words) is None


def test_unclear_variable_is_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVCTL_SANDBOX", "perhaps")
    assert find_short_command(["plan", "dev"]) is None
