"""A hint that begins with envctl is a command, or a sentence about envctl. Only what can be typed is shown as such."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import envctl
from envctl.cli.command_table import COMMANDS
from envctl.cli.render.text.next_commands import IN_SANDBOX, add_sandbox_flag, split_command


def sentences() -> Iterator[str]:
    """Every text of the source that begins so and names no command."""
    for file in sorted(Path(envctl.__file__).parent.rglob("*.py")):
        text = file.read_text()
        for node in ast.walk(ast.parse(text)) if '"envctl ' in text else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("envctl "):
                second = node.value.split()[1:2]
                if second and second[0].isalpha() and second[0] not in COMMANDS:
                    yield node.value


SENTENCES = sorted(set(sentences()))


def test_there_are_sentences_about_envctl() -> None:
    assert len(SENTENCES) > 5


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_about_envctl_is_no_command(sentence: str) -> None:
    IN_SANDBOX.set(True)
    try:
        assert add_sandbox_flag(sentence).startswith(" ".join(sentence.split()[:2]))
        assert split_command(sentence)[0]
    finally:
        IN_SANDBOX.set(False)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_typed(name: str) -> None:
    assert split_command(f"envctl {name} dev") == ("", f"envctl {name} dev")
    assert split_command(f"then: envctl {name}") == ("then:", f"envctl {name}")
