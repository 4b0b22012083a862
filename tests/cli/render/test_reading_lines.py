"""Lines of a page at any width: nothing is lost, nothing is wider, and no text controls the terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from envctl.cli.render.terminal.reading import wrap_lines
from envctl.cli.render.words.reading import ReadLine, list_lines
from envctl.domain.reading.reading import ReadChange, Reading, ReadStack, ReadValue

WORDS = st.text("ab ,\u65e5\u0301", max_size=120)


@given(WORDS, st.integers(0, 6), st.sampled_from([20, 40, 80]))
def test_wrapped_line_keeps_its_text(text: str, indent: int, width: int) -> None:
    wrapped = [line for line, _ in wrap_lines([ReadLine(text, indent)], width)]
    assert "".join(line.replace(" ", "") for line in wrapped) == text.replace(" ", "")
    assert all(cell_len(line) <= width for line in wrapped)


ODD = {
    "terminal codes": '"\\u001b[2Jgone"',
    "text from right to left": '"\\u202egnp.exe"',
    "a command of a workflow": '"::set-output name=x::y"',
    "lines": '"a\\n\\u001b[1Ab"',
    "a megabyte": f'"{"x" * 1_000_000}"',
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
@pytest.mark.parametrize("folds", [True, False])
def test_odd_value_controls_nothing(text: str, folds: bool) -> None:
    change = ReadChange("aws_x.y", "aws_x", "create", (ReadValue('["a"]', "", text),))
    reading = Reading(environment="prod", release="r", stacks=(ReadStack("web", (change,)),))
    lines = [line for line, _ in wrap_lines(list_lines(reading, folds=folds), 40)]
    assert all(cell_len(line) <= 40 for line in lines)
    assert not any(character in line for line in lines for character in "\x1b\u202e\r\n")
    assert sum(line.count("x") for line in lines) >= text.count("x")
    # A command of a workflow stands at the start of a line.
    assert not any(line.startswith("::") for line in lines)
