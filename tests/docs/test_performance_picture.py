"""The picture and the figures of docs/performance.md are those of docs/performance-results.md."""

from xml.etree import ElementTree

import pytest
from benchmarks import picture

BARS = picture.read_bars(picture.RESULTS.read_text())


def test_picture_and_page_show_the_measured_figures() -> None:
    page = picture.PAGE.read_text()
    assert picture.draw(BARS) == picture.PICTURE.read_text(), "python -m benchmarks.picture draws it"
    assert picture.write_figures(page, BARS) == page, "python -m benchmarks.picture writes them"


def test_figures_of_the_page_are_replaced() -> None:
    page = "| plan of one stack | 1.07 |\n"
    assert picture.write_figures(page, [picture.Bar("plan of one stack", 0.68)]) == "| plan of one stack | 0.68 |\n"
    with pytest.raises(LookupError, match="twelve"):
        picture.write_figures(page, [picture.Bar("twelve stacks", 0.5)])


def test_picture_has_title_and_description() -> None:
    drawn = ElementTree.parse(picture.PICTURE).getroot()
    spoken = [drawn.find(f"{{http://www.w3.org/2000/svg}}{name}") for name in ("title", "desc")]
    assert all(element is not None and element.text for element in spoken)


def test_missing_row_is_an_error() -> None:
    with pytest.raises(LookupError, match="plan without changes"):
        picture.read_bars("## One environment of one stack\n\n| what | median |\n")
