"""Laws of the short forms of values."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len

from envctl.cli.render.text.escapes import escape_text
from envctl.cli.render.text.widths import shorten_middle
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.values.value_diff import format_change, shorten_sides, shorten_value
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


JAPANESE = "日本語の長い説明文"
WIDE = st.text("日本語aé\u0301 👩…", max_size=60)
# name: before, after
DIFFERING = {
    "a Japanese text that differs at its end": (JAPANESE * 9 + "一", JAPANESE * 9 + "二"),
    "a Japanese text with another middle": (f"{JAPANESE * 9}一{JAPANESE * 9}", f"{JAPANESE * 9}二{JAPANESE * 9}"),
    "a Japanese text that becomes longer": (JAPANESE * 9, JAPANESE * 9 + "二"),
    "wide and narrow letters": ("a" * 30 + JAPANESE * 4 + "一", "a" * 30 + JAPANESE * 4 + "二"),
    "combining marks": ("e\u0301" * 80 + "a", "e\u0301" * 80 + "b"),
    "a document and a text of as many lines": (f'{{"a":"{"x" * 90}","b":2}}', f"{'x' * 90}\ny\nz\nw"),
    "long lines of a text, changed together": (
        f"{JAPANESE * 9}1\n{JAPANESE * 9}2\n", f"{JAPANESE * 9}3\n{JAPANESE * 9}4\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("width", [30, 80, 120])
@pytest.mark.parametrize(("before", "after"), DIFFERING.values(), ids=DIFFERING.keys())
def test_difference_behind_the_cut_is_shown(before: str, after: str, width: int) -> None:
    line, block = format_change(before, after, width - 40, width)
    removed = [each[2:] for each in block if each.startswith("-")]
    added = [each[2:] for each in block if each.startswith("+")]
    assert line or (removed and added)
    assert not set(removed) & set(added)
    assert all(cell_len(each) <= width for each in block)


@given(WIDE, WIDE, WIDE, WIDE, st.integers(20, 90))
def test_different_values_never_look_equal(head: str, one: str, other: str, tail: str, width: int) -> None:
    before, after = head * 3 + one + tail * 3, head * 3 + other + tail * 3
    assume(before != after)
    line, block = format_change(before, after, width - 10, width)
    assert line or block[0][2:] != block[1][2:]
    sides = shorten_sides(before, after, width)
    assert sides[0] != sides[1]
    assert max(map(cell_len, sides)) <= width


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
