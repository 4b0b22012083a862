"""The site where it is read: from a disk, in headless Chromium, in light and dark, on a phone, and by its search."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.cli.commands.test_report_in_browser import AXE, opened
from tests.docs.site import built
from tests.headless import open_browser

pytestmark = [pytest.mark.browser, pytest.mark.night]

PAGES = ["index.html", "start.html", "commands/index.html", "commands/promote.html", "recovery.html", "guards.html"]
WIDTHS = [400, 1280]
SCHEMES = ["light", "dark"]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}
# The first characters of each block of code that is wider than its box.
CUT_OFF = """[...document.querySelectorAll("pre, pre > code")]
  .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.innerText.slice(0, 60))"""
SERIOUS = {"serious", "critical"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("docs") / "site")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


@pytest.mark.parametrize("page", PAGES)
def test_page_loads_nothing_and_has_no_errors(browser: Browser, site: Path, page: str) -> None:
    context = browser.new_context()
    shown = context.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    shown.on("request", lambda request: asked.append(request.url))
    shown.on("console", lambda message: wrong.append(message.text))
    shown.on("pageerror", lambda error: wrong.append(str(error)))
    shown.goto((site / page).as_uri())
    shown.wait_for_load_state("networkidle")
    context.close()
    assert [url for url in asked if not url.startswith(("file://", "data:", "about:", "blob:"))] == []
    assert wrong == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_no_serious_problems(browser: Browser, site: Path, page: str, width: int, scheme: Any) -> None:
    view = {"width": width, "height": 900}
    context, shown = opened(browser, (site / page).as_uri(), color_scheme=scheme, viewport=view)
    shown.evaluate(AXE)
    found = shown.evaluate("rules => axe.run(document, rules)", RULES)
    context.close()
    assert "color-contrast" in {each["id"] for each in found["passes"]}
    serious = [each for each in found["violations"] if each["impact"] in SERIOUS]
    assert [(each["id"], [node["html"][:200] for node in each["nodes"][:3]]) for each in serious] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_no_page_scrolls_sideways(browser: Browser, site: Path, page: str, width: int) -> None:
    context, shown = opened(browser, (site / page).as_uri(), viewport={"width": width, "height": 900})
    assert shown.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_no_code_is_cut_off(browser: Browser, site: Path, width: int) -> None:
    context, shown = opened(browser, (site / "index.html").as_uri(), viewport={"width": width, "height": 900})
    cut = {}
    for page in [*sorted(site.glob("*.html")), *sorted((site / "commands").glob("*.html"))]:
        shown.goto(page.as_uri())
        cut[page.name] = shown.evaluate(CUT_OFF)
    context.close()
    assert {name: lines for name, lines in cut.items() if lines} == {}


def test_the_search_works_from_a_disk(browser: Browser, site: Path) -> None:
    context, shown = opened(browser, (site / "index.html").as_uri(), viewport={"width": 1280, "height": 900})
    shown.get_by_role("textbox", name="Search").fill("errored.tfstate")
    first = shown.locator(".md-search-result__link").first
    first.wait_for(timeout=20_000)
    assert "recovery.html" in (first.get_attribute("href") or "")
    context.close()
