"""The site of the documentation is whole, loads nothing from anywhere else, and shows what the command line says."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from tools.command_pages import DOCS, pages

from envctl import __version__
from envctl.cli.command_table import ROWS
from tests.docs.blocks import KINDS
from tests.docs.site import ROOT, built

FETCHED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("use", "href")}
FETCHED_BY_STYLE = re.compile(r"url\(\s*['\"]?([^)'\"]+)|@import\s+['\"]([^'\"]+)")
# What only names a page, and loads nothing.
NAMING = {"canonical", "next", "prev"}
# The scripts of the theme name addresses that they ask where the configuration says so: it says nothing of the kind.
ASKS = ("repo_url", "analytics", "mermaid", "consent")


# What people search for, with the page that answers. The word is in a title there: titles come first in a search.
SOUGHT = {
    "quickstart": "start.html",
    "troubleshooting": "troubleshooting.html",
    "notifications": "questions.html",
    "adopt": "adopt.html",
    "import": "questions.html",
    "existing": "adopt.html",
    "azure": "questions.html",
    "slack": "questions.html",
}


class Fetched(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := told.get(name))}
        if told.get("rel") in NAMING:
            return
        self.addresses += [value for name, value in attrs if (tag, name) in FETCHED and value]
        self.links += [value for name, value in attrs if (tag, name) == ("a", "href") and value]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("docs") / "site")


@pytest.fixture(scope="module")
def parsed(site: Path) -> dict[Path, Fetched]:
    found = {}
    for page in site.rglob("*.html"):
        found[page] = Fetched()
        found[page].feed(page.read_text(encoding="utf-8"))
    return found


def test_no_page_loads_anything_from_elsewhere(site: Path, parsed: dict[Path, Fetched]) -> None:
    assert len(parsed) > 80
    addresses = [(page, address) for page, each in parsed.items() for address in each.addresses]
    for style in site.rglob("*.css"):
        addresses += [(style, "".join(found)) for found in FETCHED_BY_STYLE.findall(style.read_text(encoding="utf-8"))]
    assert [
        told for told in addresses if urlsplit(told[1]).scheme not in {"", "data"} or told[1].startswith("//")
    ] == []


def test_theme_scripts_send_no_requests(parsed: dict[Path, Fetched]) -> None:
    assert not [word for word in ASKS if re.search(rf"^\s*{word}:", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)]
    assert not [page for page in parsed if 'class="mermaid"' in page.read_text(encoding="utf-8")]


def test_every_link_leads_somewhere_within_the_site(site: Path, parsed: dict[Path, Fetched]) -> None:
    """MkDocs checks those of the pages; these are what came of them, the menu included."""
    for page, each in parsed.items():
        if page.name == "404.html":
            continue
        for link in each.links:
            where = urlsplit(link)
            if where.scheme:
                continue
            target = (page.parent / unquote(where.path)).resolve() if where.path else page
            target = target / "index.html" if target.is_dir() else target
            assert target.is_file(), f"{page.relative_to(site)}: {link}"
            if where.fragment and target in parsed:
                assert unquote(where.fragment) in parsed[target].anchors, f"{page.relative_to(site)}: {link}"


@pytest.mark.parametrize(("word", "page"), SOUGHT.items())
def test_search_finds_the_answering_page(site: Path, word: str, page: str) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text(encoding="utf-8"))
    titled = {each["location"].partition("#")[0] for each in index["docs"] if word in each["title"].lower()}
    assert page in titled


def test_every_page_names_the_version(parsed: dict[Path, Fetched]) -> None:
    assert [page for page in parsed if f"envctl {__version__}" not in page.read_text(encoding="utf-8")] == []


def test_no_test_mark_is_in_a_page(parsed: dict[Path, Fetched]) -> None:
    for page in parsed:
        assert not re.search(rf"<!-- ({'|'.join(KINDS)}): ", page.read_text(encoding="utf-8")), page


def test_command_pages_match_the_command_line() -> None:
    written = {page.name: page.read_text(encoding="utf-8") for page in (DOCS / "commands").glob("*.md")}
    assert written == pages(), "make pages"


def test_every_command_has_a_page() -> None:
    assert len(pages()) == len(ROWS) + 1
