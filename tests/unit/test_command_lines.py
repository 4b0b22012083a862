"""Suggested commands are written in one place, and each of them exists."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from envctl.cli.app import build_app
from envctl.cli.command_table import COMMANDS
from envctl.domain.command_lines import add_sandbox, format_command

SOURCE = Path(__file__).parents[2] / "src" / "envctl"
# What they write is no advice: examples and help, a project of a template, a CI job, the holder of a lock.
OTHERS = (
    "cli/examples.py",
    "cli/app.py",
    "cli/commands/",
    "cli/failures.py",
    "cli/options/",
    "cli/render/ci_reports/verdicts.py",
    "cli/render/words/matrix.py",
    "cli/render/html/page.py",
    "domain/ci/",
    "domain/command_lines.py",
    "domain/scaffold/",
    "usecases/project/environment_selection.py",
)


def list_texts(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """The texts of a module without its docstrings. A part that is not known shows as `{}`."""
    nodes = list(ast.walk(tree))
    parts = {part for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    lone = {node.value for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if node in parts or node in lone:
            continue
        if isinstance(node, ast.JoinedStr):
            yield (
                node.lineno,
                "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values),
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def list_modules(containing: str, others: tuple[str, ...] = ()) -> Iterator[tuple[str, ast.Module]]:
    """Parse only what may be of interest: all of envctl takes as long as a hundred tests."""
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        if not name.startswith(others) and containing in (text := path.read_text()):
            yield name, parse_text(text)


@cache
def parse_text(text: str) -> ast.Module:
    return ast.parse(text)


def test_no_text_names_a_page() -> None:
    """Who installs envctl has no pages: `envctl explain` prints them."""
    texts = [
        text for _, tree in list_modules("docs/", ("usecases/inspect/explain.py",)) for _, text in list_texts(tree)
    ]
    assert [text for text in texts if re.search(r"\bdocs/\w", text)] == []


def test_no_other_module_writes_a_command() -> None:
    command = re.compile(rf"(?:^|[:;,] )envctl (?:(?:{'|'.join(COMMANDS)})(?![\w-])|\{{\}} \{{)")
    found = [
        f"{name}:{line}: {text}"
        for name, tree in list_modules("envctl ", OTHERS)
        for line, text in list_texts(tree)
        if command.search(text)
    ]
    assert not found, "write these with format_command, so that they are held against the commands that exist"


def list_calls() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in list_modules("format_command("):
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "format_command":
                yield f"{name}:{node.lineno}", node


def is_command(root: Any, name: str, arguments: int, options: list[str]) -> bool:
    command, *words = name.split()
    found = root.commands[command]
    if hasattr(found, "commands") and words:
        found, words = found.commands[words[0]], words[1:]
    known = {option for each in (*found.params, *root.params) for option in each.opts} | {"--help"}
    if not {f"--{each.rstrip('_').replace('_', '-')}" for each in options} <= known:
        return False
    takes = [each for each in found.params if each.param_type_name == "argument"]
    given = arguments + len(words)
    if not any(each.nargs == -1 for each in takes) and not hasattr(found, "commands") and given > len(takes):
        return False
    return "help" in options or given >= sum(each.required for each in takes)


def test_suggested_commands_exist() -> None:
    # Typer brings a click of its own, whose classes are no others' classes.
    root: Any = typer.main.get_command(build_app())
    calls = [
        (place, str(call.args[0].value), len(call.args) - 1, [each.arg or "" for each in call.keywords])
        for place, call in list_calls()
        if isinstance(call.args[0], ast.Constant) and not any(isinstance(each, ast.Starred) for each in call.args)
    ]
    assert len(calls) > 200
    assert [call for call in calls if not is_command(root, *call[1:])] == []


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (format_command("status"), "envctl status"),
        (format_command("promote", "dev", "staging", release=""), "envctl promote dev staging"),
        (format_command("promote", "dev", "staging", release="#42"), "envctl promote dev staging --release '#42'"),
        (format_command("drift", "dev", fix=True), "envctl drift dev --fix"),
        (format_command("destroy", "dev", state_lost=True), "envctl destroy dev --state-lost"),
        (format_command("secrets set", "dev", "a", in_="api"), "envctl secrets set dev a --in api"),
        (format_command("rules reset", "dev", reason="…"), "envctl rules reset dev --reason …"),
        (add_sandbox(format_command("apply", "dev")), "envctl --sandbox apply dev"),
    ],
)
def test_command_is_spelled_as_typed(written: str, text: str) -> None:
    assert written == text
