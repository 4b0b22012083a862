"""What people see fits the terminal that they have, from a narrow one beside an editor to one that fills a screen."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from envctl.cli.render.terminal.wrapping import wrap_text
from envctl.cli.render.text.widths import cut_end, shorten_middle
from tests.cli.render.samples import ERRORS, RESULTS
from tests.cli.render.test_human import shown

ALL = {**RESULTS, **ERRORS}
WIDTHS = [60, 80, 100, 120, 160, 200]
# What is copied is not broken: commands, places in files, addresses of resources, values of settings, files, a hash.
COPIED = re.compile(
    r"next: (envctl .+)"
    r"|^ +(envctl .+)"
    r"|^ *at (\S+:\d+)$"
    r"|^  (?:[-+~x]|-/\+|<=|->|<-) +[a-z]+ {2,}(?:\S+: )?([a-z_.]+\S+)(?:  .*)?$"
    r"|^ *(\w+ += .+)$"
    r"|^    (\S.+ · \S.+)$"
    r"|^    (\{.+\})$"
    r"|^  (?:head|key|signs|SHA-256|fingerprint|and believed|id|commit|job|artifact) +((?:\w+ = )?\S+)$"
)
WHOLE_FILES = {"rendered root modules", "a matrix", "a matrix as a buildspec"}
# These say the same in whatever room there is; plans shorten values, and the boxes of a status short cuts.
PROSE = [
    name
    for name in ALL
    if any(word in name for word in ("why", "refusal", "history", "verif", "approv", "lock", "wrong"))
]


def lines(name: str, width: int) -> list[str]:
    return shown(name, width).splitlines()


@pytest.mark.parametrize("name", [name for name in ALL if name not in WHOLE_FILES])
def test_only_copyable_lines_exceed_terminal_width(name: str) -> None:
    # The pages that an explanation prints have blocks of code, indented by four.
    block = "    " if "explanation" in name else "\n"
    for width in WIDTHS:
        long = [line for line in lines(name, width) if cell_len(line) > width and not line.startswith(block)]
        assert [line for line in long if not COPIED.search(line)] == [], width


@pytest.mark.parametrize("name", ALL)
def test_no_line_ends_in_spaces(name: str) -> None:
    for width in WIDTHS:
        assert [line for line in lines(name, width) if line != line.rstrip()] == [], width


@pytest.mark.parametrize("name", PROSE)
def test_words_are_not_broken_where_they_fit(name: str) -> None:
    # A history has another form where there is no room for a table.
    there = {*" ".join(lines(name, 1000) + lines(name, 99)).split()}
    for width in WIDTHS:
        torn = [word for word in " ".join(lines(name, width)).split() if word not in there and word.isascii()]
        assert [word for word in torn if word.strip("│╭╰╮╯─")] == [], width


@pytest.mark.parametrize("name", [name for name in ALL if "history" in name or "settings" in name])
def test_columns_do_not_collapse(name: str) -> None:
    for width in WIDTHS:
        longest = 0
        for line in lines(name, width):
            longest = 0 if cell_len(line.strip()) > 2 else longest + 1
            assert longest < 2, width


@pytest.mark.parametrize("name", [name for name in ALL if "status" in name])
def test_the_frames_of_boxes_are_straight(name: str) -> None:
    for width in WIDTHS:
        shown = [line if line.startswith(("│", "╭", "╰")) else "" for line in lines(name, width)]
        rows = "\n".join(shown).replace("╯\n╭", "╯\n\n╭").split("\n\n")
        assert [row for row in rows if len({cell_len(line) for line in row.splitlines() if line}) > 1] == [], width


TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"])) | st.text(
    "ab 、。「」年末年始のカー🏗️e\u0301"
)


@given(TEXTS, st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_only_spaces(text: str, width: int) -> None:
    broken = wrap_text(Text(text), width)
    assert all(line.cell_len <= width for line in broken)
    assert "".join("".join(line.plain for line in broken).split()) == "".join(text.split())


@given(st.text("ab ").map(str.strip), st.integers(2, 20))
def test_fitting_words_stay_whole(text: str, width: int) -> None:
    words = text.split()
    shown = " ".join(line.plain for line in wrap_text(Text(text), width)).split()
    if all(len(word) <= width for word in words):
        assert shown == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "変更を停止しています。解除は連絡",
            ["変更を停止して", "います。解除は", "連絡"],
            id="Japanese breaks anywhere",
        ),
        pytest.param("解除は運用です。連絡", ["解除は運用で", "す。連絡"], id="a full stop begins no line"),
        pytest.param("理由を述べる「末」", ["理由を述べる", "「末」"], id="an opening bracket ends none"),
        pytest.param("prod は停止中です", ["prod は停止中", "です"], id="with other words in between"),
        pytest.param("停止: 太郎@a.jp", ["停止:", "太郎@a.jp"], id="an address stays whole"),
        pytest.param("one_long_word_that_is", ["one_long_word_", "that_is"], id="a word wider than a line"),
        pytest.param("  indented words here", ["  indented", "words here"], id="an indent stays"),
    ],
)
def test_long_text_is_wrapped(text: str, expected: list[str]) -> None:
    assert [line.plain for line in wrap_text(Text(text), 14)] == expected


@given(TEXTS, st.integers(1, 30))
def test_shortened_text_fits(text: str, room: int) -> None:
    assert cell_len(cut_end(text, room)) <= room
    assert cell_len(shorten_middle(text, room)) <= room
