"""Colours are for terminals, and for who asks: looked at with the real command, a terminal and a pipe."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from envctl.cli.options.global_options import Options
from envctl.cli.output.consoles import can_redraw, has_color
from tests import warm
from tests.by_day import keep_by_day
from tests.fakes.project_files import write_project

pytestmark = pytest.mark.slow
ESCAPE = re.compile("\x1b")
COMMANDS = {
    "status": ["status"],
    "settings": ["settings", "prod"],
    "why": ["why", "prod"],
    "an error": ["settings", "prd"],
    "a refusal": ["promote", "staging", "prod", "--yes"],
    "a wrong command line": ["settings"],
    "help": ["--help"],
}
# What is typed by day: who is heard before whom is in CASES below.
BY_DAY = ("NO_COLOR", "a terminal that knows nothing", "--no-color", "an error")
COLOURLESS = {
    "NO_COLOR": ({"NO_COLOR": "1"}, []),
    "NO_COLOR against FORCE_COLOR": ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, []),
    "a terminal that knows nothing": ({"TERM": "dumb"}, []),
    "--no-color": ({}, ["--no-color"]),
    "--no-color against FORCE_COLOR": ({"FORCE_COLOR": "3"}, ["--no-color"]),
    "FORCE_COLOR that says no": ({"FORCE_COLOR": "0"}, []),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    write_project(root)
    return root


def environment(more: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "COLORTERM"}}
    return {**kept, "TERM": "xterm-256color", **more}


def command(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "envctl", *words]


def on_a_terminal(words: list[str], project: Path, more: dict[str, str]) -> str:
    """Both streams on one terminal, as people have them."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command(words), cwd=project, env=environment(more), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    said = b""
    # The end of a terminal is an error on Linux and an empty read elsewhere.
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:
        pass
    process.wait()
    os.close(ours)
    return said.decode()


def through_a_pipe(words: list[str], project: Path, more: dict[str, str]) -> str:
    done = warm.run_envctl(words, project, environment(more) | {"LANG": "C.UTF-8"}, 60)
    return done.stdout + done.stderr


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_piped_output_has_no_escape_codes(project: Path, words: list[str]) -> None:
    said = through_a_pipe(words, project, {})
    assert said
    assert not ESCAPE.search(said)


@pytest.mark.parametrize(
    ("name", "more", "options"),
    keep_by_day(
        {situation: ("status", *case) for situation, case in COLOURLESS.items()}
        | {name: (name, {"NO_COLOR": "1"}, []) for name in ("settings", "why", "an error")},
        *BY_DAY,
    ),
)
def test_a_terminal_gets_no_escape_codes_with(
    project: Path, name: str, more: dict[str, str], options: list[str]
) -> None:
    said = on_a_terminal([*COMMANDS[name], *options], project, more)
    assert said
    assert not ESCAPE.search(said)


@pytest.mark.parametrize("name", keep_by_day(["status", "settings", "an error"], "status", "an error"))
def test_terminal_output_has_colors(project: Path, name: str) -> None:
    assert ESCAPE.search(on_a_terminal(COMMANDS[name], project, {}))


@pytest.mark.parametrize("name", ["status", "an error"])
def test_force_color_enables_colors_in_a_log(project: Path, name: str) -> None:
    assert ESCAPE.search(through_a_pipe(COMMANDS[name], project, {"FORCE_COLOR": "1"}))


def test_markdown_never_has_colors(project: Path) -> None:
    assert not ESCAPE.search(through_a_pipe(["status", "--markdown"], project, {"FORCE_COLOR": "1"}))


CASES = {
    "a terminal has colours": ({}, True, True),
    "a pipe has none": ({}, False, False),
    "an empty NO_COLOR says nothing": ({"NO_COLOR": ""}, True, True),
    "NO_COLOR says no, whatever it holds": ({"NO_COLOR": "0"}, True, False),
    "FORCE_COLOR says yes": ({"FORCE_COLOR": "1"}, False, True),
    "an empty FORCE_COLOR says nothing": ({"FORCE_COLOR": ""}, True, True),
    "FORCE_COLOR=0 says no": ({"FORCE_COLOR": "0"}, True, False),
    "FORCE_COLOR=false says no": ({"FORCE_COLOR": "false"}, True, False),
    "NO_COLOR is heard before FORCE_COLOR": ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
    "a terminal that knows nothing is not forced": ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, False),
}


@pytest.mark.parametrize(("variables", "terminal", "expected"), CASES.values(), ids=CASES)
def test_color_is_decided_by_variables_and_terminal(variables: dict[str, str], terminal: bool, expected: bool) -> None:
    assert has_color(Options(), variables, terminal=terminal) is expected
    assert has_color(Options(no_color=True), variables, terminal=terminal) is False


def test_colored_log_is_not_redrawn(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        assert not can_redraw(log, {"FORCE_COLOR": "1", "TERM": "xterm"})
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        assert can_redraw(terminal, {"TERM": "xterm"})
        assert not can_redraw(terminal, {"TERM": "dumb"})
    os.close(ours)
