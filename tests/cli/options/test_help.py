"""Help: commands by what they are for, arguments in capitals, three examples each."""

import pytest

from envctl.cli.command_table import TABLE
from envctl.cli.entry import run
from envctl.cli.examples import EXAMPLES


def test_every_command_has_three_examples() -> None:
    wrong = {
        name for name, examples in EXAMPLES.items() if len(examples) != 3 or f"envctl {name}" not in examples[0][0]
    }
    assert wrong == set()


def test_options_of_every_command_stand_last(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    told = capsys.readouterr().out
    places = [told.index(f"\n{title}:\n") for title in (*TABLE, "Options")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", EXAMPLES)
def test_help_of_command_ends_with_its_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*name.split(), "--help"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"Usage: envctl {name} ")
    assert all(line in told for line, _ in EXAMPLES[name])
    assert "{" not in told.splitlines()[0]
