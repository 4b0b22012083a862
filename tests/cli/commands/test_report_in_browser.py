"""The page of a report where it is looked at: in headless Chromium, with axe-core, by keyboard, and on paper."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from envctl.cli.render.html.page import render_report
from tests.by_day import keep_by_day
from tests.cli.render.samples.reports import REPORTS
from tests.headless import open_browser

pytestmark = pytest.mark.browser

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
SCHEMES = ["light", "dark"]
WIDTHS = [360, 1280]
# Another one is looked at in the dark at 360 by day, and all of them by night.
BY_DAY = [("light", 1280)]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


# Those that have the most to show, and the most hostile one.
@pytest.fixture(
    scope="module",
    params=keep_by_day(list(REPORTS), "a rich one", "one full of hostile strings", "one after failures"),
)
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(request.param, tmp_path_factory)


# axe takes as long as there is to look at: by day it sees the rich one in the light, and another one in the dark.
@pytest.fixture(scope="module", params=keep_by_day(list(REPORTS), "one after failures"))
def address_for_axe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(request.param, tmp_path_factory)


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report("a rich one", tmp_path_factory)


def write_report(name: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(render_report(REPORTS[name]()), encoding="utf-8")
    return file.as_uri()


def opened(browser: Browser, address: str, **options: Any) -> tuple[BrowserContext, Page]:
    context = browser.new_context(**options)
    shown = context.new_page()
    shown.goto(address)
    return context, shown


def test_report_loads_nothing_and_has_no_errors(browser: Browser, address: str) -> None:
    context = browser.new_context()
    shown = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: wrong.append(message.text))
    shown.on("pageerror", lambda error: wrong.append(str(error)))
    shown.on("dialog", lambda dialog: wrong.append(dialog.message))
    shown.goto(address)
    shown.wait_for_load_state("networkidle")
    context.close()
    assert [url for url in asked if url != "data:,"] == [address]
    assert wrong == []


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        pytest.param(scheme, width, marks=() if (scheme, width) in BY_DAY else pytest.mark.night)
        for scheme in SCHEMES
        for width in WIDTHS
    ],
)
def test_axe_finds_no_problems_in_full_report(browser: Browser, rich: str, scheme: str, width: int) -> None:
    assert _found_by_axe(browser, rich, scheme, width) == []


def test_axe_finds_no_problems_in_unusual_reports(browser: Browser, address_for_axe: str) -> None:
    assert _found_by_axe(browser, address_for_axe, "dark", 360) == []


def _found_by_axe(browser: Browser, address: str, scheme: str, width: int) -> list[tuple[str, list[str]]]:
    view = {"width": width, "height": 900}
    # The page forbids every script, and so axe too.
    context, shown = opened(browser, address, color_scheme=scheme, viewport=view, bypass_csp=True)
    shown.evaluate(OPEN_ALL)
    shown.evaluate(AXE)
    found = shown.evaluate("rules => axe.run(document, rules)", RULES)
    context.close()
    assert "color-contrast" in {each["id"] for each in found["passes"]}
    return [_told(each) for each in found["violations"]]


def _told(violation: dict[str, Any]) -> tuple[str, list[str]]:
    return violation["id"], [
        f"{node['html'][:200]} {node.get('failureSummary', '')}" for node in violation["nodes"][:3]
    ]


def test_page_does_not_scroll_sideways(browser: Browser, address: str) -> None:
    context, shown = opened(browser, address)
    shown.evaluate(OPEN_ALL)
    for width in (320, 360, 700, 1280, 1600):
        shown.set_viewport_size({"width": width, "height": 900})
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_keyboard_reaches_skip_link_and_scrollable_regions(browser: Browser, rich: str) -> None:
    context, shown = opened(browser, rich, viewport={"width": 360, "height": 800})
    regions = shown.evaluate("[...document.querySelectorAll('[role=region]')].map(e => e.ariaLabel)")
    shown.keyboard.press("Tab")
    assert shown.evaluate("document.activeElement.textContent") == "Skip to the report"
    assert shown.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    reached = []
    for _ in range(40):
        shown.keyboard.press("Tab")
        name = shown.evaluate("document.activeElement.ariaLabel")
        reached.append(name)
        if shown.evaluate("document.activeElement.tagName") == "SUMMARY":
            shown.keyboard.press("Enter")
    context.close()
    assert list(dict.fromkeys(name for name in reached if name in regions)) == regions


def test_skip_link_leads_to_the_report(browser: Browser, rich: str) -> None:
    context, shown = opened(browser, rich)
    shown.keyboard.press("Tab")
    shown.keyboard.press("Enter")
    assert shown.evaluate("document.activeElement.id") == "main"
    context.close()


def test_printed_page_is_expanded_and_complete(browser: Browser, rich: str, tmp_path: Path) -> None:
    context, shown = opened(browser, rich, color_scheme="dark", viewport={"width": 720, "height": 1000})
    hidden = shown.get_by_text("aws_autoscaling_group.this").first
    assert not hidden.is_visible()
    shown.emulate_media(media="print")
    assert hidden.is_visible()
    assert shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert shown.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert shown.evaluate("[...document.querySelectorAll('.wide')].every(e => e.scrollWidth <= e.clientWidth + 1)")
    shown.pdf(path=tmp_path / "report.pdf", format="A4")
    assert (tmp_path / "report.pdf").stat().st_size > 10_000
    context.close()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_page_is_dark_in_the_dark_scheme(browser: Browser, rich: str, scheme: str) -> None:
    context, shown = opened(browser, rich, color_scheme=scheme)
    colour = shown.evaluate("getComputedStyle(document.body).backgroundColor")
    shades = [int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(",")]
    assert all(shade > 200 for shade in shades) if scheme == "light" else all(shade < 60 for shade in shades)
    context.close()
