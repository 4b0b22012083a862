"""What no AWS of the tests can do is asked of its command line at least: it knows each command and its options."""

import sys
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.docs.blocks import Block, blocks, pages
from tests.docs.places import Place
from tests.docs.running import Shell
from tests.e2e.conftest import REGION

# It checks what it is told, sends nothing, and would print an answer that is made up. An empty document passes for any
# that a later command takes.
AWS = """#!/bin/sh
'{aws}' "$@" --query '@' --generate-cli-skeleton output > /dev/null && echo '{{}}'
"""
NO_COMMAND, NO_OPTION = "aws backup start-restoring", "aws backup describe-restore-job --job 1"
ASKING = [
    block
    for page in pages()
    for block in blocks(page)
    if "AWS" in block.marks.get("not run", "") and any("aws " in step.command for step in block.steps)
]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "work", tmp_path, extra={"AWS_DEFAULT_REGION": REGION})
    # A block before has left it there.
    place.write("buildspec.yml", "version: 0.2\n")
    place.programs.mkdir()
    program = place.programs / "aws"
    program.write_text(AWS.format(aws=Path(sys.executable).parent / "aws"))
    program.chmod(0o755)
    return place


@pytest.mark.slow
@pytest.mark.parametrize("block", ASKING, ids=str)
def test_it_knows_every_command(block: Block, place: Place, tmp_path: Path) -> None:
    Shell(place, tmp_path / "shell").runs(block, {})


@pytest.mark.slow
@pytest.mark.parametrize("command", keep_by_day([NO_COMMAND, NO_OPTION], NO_OPTION))
def test_it_says_what_it_does_not_know(command: str, place: Place, tmp_path: Path) -> None:
    code, printed = Shell(place, tmp_path / "shell").types(command)
    assert code != 0
    assert "aws: error" in printed


def test_there_are_such_blocks() -> None:
    assert {block.page for block in ASKING} == {"docs/matrix.md", "modules/backup/README.md"}
