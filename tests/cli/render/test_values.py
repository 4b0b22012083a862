"""Laws of the short forms of values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from envctl.cli.render.terminal.text import escape_text, shorten_middle
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.values.value_diff import format_change, shorten_value
from envctl.domain.plan.changes import Marker

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(Marker)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)


@given(st.text(), st.integers(1, 40))
def test_a_shortened_text_fits(text: str, room: int) -> None:
    assert cell_len(shorten_middle(escape_text(text).replace("\n", " "), room)) <= room


@given(VALUES, st.integers(20, 100))
def test_shortened_value_is_one_line_that_fits(value: object, room: int) -> None:
    assert "\n" not in shorten_value(value, room)
    assert cell_len(shorten_value(value, room)) <= room


@given(VALUES, VALUES, st.integers(20, 80))
def test_a_change_fits_in_line_or_in_block(before: object, after: object, room: int) -> None:
    line, block = format_change(before, after, room, room + 10)
    assert cell_len(line) <= max(room, len("(1000 lines → 1000 lines)"))
    assert all(cell_len(each) <= room + 10 and "\n" not in each for each in block)


@given(st.text("abc", min_size=200), st.text("abc", min_size=1, max_size=5), st.text("abc", min_size=200))
def test_different_long_texts_are_shortened_differently(head: str, middle: str, tail: str) -> None:
    _, block = format_change(head + "X" + tail, head + middle + tail, 40, 60)
    assert block[0][2:] != block[1][2:]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(Marker.SENSITIVE, "(sensitive)", id="a marker has no quotes"),
        pytest.param("(sensitive)", '"(sensitive)"', id="a text that looks like a marker has quotes"),
        pytest.param({"a": [1, Marker.UNKNOWN]}, "{a = [1, (known after apply)]}", id="markers stand inside of values"),
        pytest.param({"a b": None}, '{"a b" = null}', id="keys are quoted where they must be"),
        pytest.param("a\x1b\u202eb\n", '"a\\u001b\\u202eb\\n"', id="what is invisible is spelt out"),
    ],
)
def test_values_are_spelt_as_in_a_settings_file(value: object, expected: str) -> None:
    assert format_hcl(value) == expected
