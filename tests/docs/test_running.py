"""The shell that types the blocks remembers what a person's shell does, and no more."""

from pathlib import Path

import pytest

from tests.docs.blocks import Block, Step
from tests.docs.places import Place
from tests.docs.running import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    (tmp_path / "work").mkdir()
    return Shell(Place(tmp_path / "work", tmp_path), tmp_path / "shell")


def printed(shell: Shell, *commands: str) -> str:
    ended = [shell.types(command) for command in commands]
    assert [code for code, _ in ended] == [0] * len(commands)
    return ended[-1][1]


def test_only_exported_variables_reach_programs(shell: Shell) -> None:
    programs = "sh -c 'echo ${BUCKET-none} ${REGION-none}'"
    assert printed(shell, "BUCKET=states KEY='a \"b\"'", "export REGION=here", programs) == "none here\n"
    assert printed(shell, "echo $BUCKET $REGION; echo $KEY") == 'states here\na "b"\n'


def test_last_value_of_a_variable_counts(shell: Shell) -> None:
    assert printed(shell, "A=1", "A=2", "echo $A") == "2\n"
    assert printed(shell, "export A", "A=3", "echo $A; sh -c 'echo $A'") == "3\n3\n"


def test_folder_persists_and_exit_code_is_returned(shell: Shell) -> None:
    assert printed(shell, "mkdir below && cd below", "pwd") == f"{shell.place.root / 'below'}\n"
    assert shell.types("false")[0] == 1


def test_stopped_command_must_not_end_by_itself(shell: Shell) -> None:
    with pytest.raises(AssertionError, match="ended by itself with 0"):
        shell.runs(Block("page.md", 1, (Step("true"),), {"stopped": "with Ctrl-C"}), {})


def test_block_with_a_file_is_written(shell: Shell) -> None:
    shell.runs(Block("page.md", 1, (), {"written to": "live/main.tf"}, "a\n"), {})
    shell.runs(Block("page.md", 5, (), {"added to": "live/main.tf"}, "b\n"), {})
    assert printed(shell, "cat live/main.tf") == "a\n\nb\n"
