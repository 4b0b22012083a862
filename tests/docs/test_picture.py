"""The recorded picture of README.md: it shows the commands that its script types, and can be read."""

import re
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tools.record_terminal import PICTURE, TAKES, Take, cut_output, draw, record

from tests.docs.blocks import ROOT

SVG = "{http://www.w3.org/2000/svg}"
READABLE = 4.5
"""The contrast that WCAG 2 wants of text."""
TYPED = [take.command for take in TAKES]


def read_lines(picture: str) -> list[str]:
    """Return the text of a picture, line by line."""
    rows: dict[float, list[tuple[float, str]]] = defaultdict(list)
    for text in ElementTree.fromstring(picture).iter(f"{SVG}text"):
        if "terminal-title" not in text.attrib["class"]:
            rows[float(text.attrib["y"])].append((float(text.attrib["x"]), text.text or ""))
    return ["".join(part for _, part in sorted(rows[y])).replace("\xa0", " ").rstrip() for y in sorted(rows)]


def list_commands(picture: str) -> list[str]:
    return [line.removeprefix("$ ").rstrip() for line in read_lines(picture) if line.startswith("$ ")]


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_picture_shows_the_commands_of_its_script() -> None:
    assert list_commands(PICTURE.read_text()) == TYPED, "make picture"


def test_every_color_is_readable_on_its_background() -> None:
    picture = PICTURE.read_text()
    window = ElementTree.fromstring(picture).find(f"{SVG}rect")
    assert window is not None
    colors = set(re.findall(r"\.terminal-r\d+ \{ fill: (#\w{6})", picture))
    assert len(colors) > 3
    assert {color for color in colors if contrast(color, window.attrib["fill"]) < READABLE} == set()


def test_picture_loads_nothing_and_speaks() -> None:
    picture = PICTURE.read_text()
    assert re.findall(r"https?://[^\"]+", picture) == ["http://www.w3.org/2000/svg"]
    root = ElementTree.fromstring(picture)
    assert all((root.findtext(f"{SVG}{name}") or "").strip() for name in ("title", "desc"))


@pytest.mark.parametrize("page", ["README.md", "docs/index.md"])
def test_page_shows_the_picture_with_a_text(page: str) -> None:
    shown = re.search(r"!\[([^\]]+)\]\((\S*terminal\.svg)\)", (ROOT / page).read_text())
    assert shown
    assert ((ROOT / page).parent / shown[2]).resolve() == PICTURE


def test_progress_is_left_out_and_long_output_cut() -> None:
    lines = ["[network] init …", "starting the sandbox: x", "Plan", "one", "two", "three", "done"]
    assert list(cut_output(Take("x", first=9), lines)) == lines[2:]
    assert list(cut_output(Take("x", first=1, last=1), lines)) == ["Plan", "\033[2m…\033[0m", "done"]
    assert list(cut_output(Take("x", first=1), lines)) == ["Plan", "\033[2m…\033[0m"]


def test_colored_lines_keep_their_text() -> None:
    drawn = draw(["\033[1;36m$ x\033[0m", "\033[31mred <&>\033[0m plain"])
    assert read_lines(drawn) == ["$ x", "red <&> plain"]


@pytest.mark.night
@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.terraform
@pytest.mark.timeout(600)
def test_script_records_the_picture(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    record(tmp_path / "work", tmp_path / "picture.svg")
    drawn = (tmp_path / "picture.svg").read_text()
    assert list_commands(drawn) == TYPED
    assert any("G101 order" in line for line in read_lines(drawn))
