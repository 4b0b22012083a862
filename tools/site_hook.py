"""A hook of MkDocs: takes what the pages link to outside of docs/ into the site, and lets the links lead there.

The pages are read on the forge that hosts the code as well, where `../modules/vpc/README.md` is right as it stands.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from envctl import __version__

ROOT = Path(__file__).parents[1]
_DOCS = "docs/"
# The page that a clone begins with says what the first page of the site says.
_SAME = {"README.md": "docs/index.md"}
# What tests/docs/blocks.py reads above a block of commands.
_MARK = re.compile(
    r"^<!-- (?:run in|given|where|by|typed|ends with|stopped|then|apart|not run|written to|added to): .+ -->\n",
    re.MULTILINE,
)
_LINK = re.compile(r"(?<=\]\()([^)\s#]+)((?:#[^)\s]*)?)(?=\))")


# Sections in which every page is shown that matches: tools write them, or they come with what they are about.
_WHOLE = {"Commands": "docs/commands/*.md", "The platform": "modules/*/README.md"}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    config.copyright = f"envctl {__version__}"
    for section in config.nav or []:
        for name, pattern in _WHOLE.items():
            if name in section:
                found = [_in_site(path.relative_to(ROOT).as_posix()) for path in sorted(ROOT.glob(pattern))]
                section[name] += [path for path in found if path not in section[name]]
    return config


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """What the menu names or a page links to, and what that links to in turn: pages as pages, all else as it is."""
    there = {_DOCS + file.src_uri for file in files}
    waiting = [*(path for path in _named(config.nav) if (ROOT / path).is_file()), *sorted(there)]
    while waiting:
        path = waiting.pop()
        if path not in there:
            there.add(path)
            files.append(File.generated(config, _in_site(path), abs_src_path=str(ROOT / path)))
        if path.endswith(".md"):
            waiting += [linked for linked in _linked(path) if linked not in there]
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    here = _in_repository(page.file.src_uri)

    def led(link: re.Match[str]) -> str:
        path = _target(here, link[1])
        if path is None:
            return link[0]
        return posixpath.relpath(_in_site(path), posixpath.dirname(page.file.src_uri) or ".") + link[2]

    return _LINK.sub(led, _MARK.sub("", markdown))


def _named(menu: object) -> Iterator[str]:
    match menu:
        case str():
            yield menu
        case list():
            for each in menu:
                yield from _named(each)
        case dict():
            yield from _named(list(menu.values()))


def _linked(page: str) -> Iterator[str]:
    for link, _ in _LINK.findall((ROOT / page).read_text(encoding="utf-8")):
        if path := _target(page, link):
            yield path


def _target(page: str, link: str) -> str | None:
    """The file of the repository that a link on a page of it means; None for an address."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    path = _SAME.get(path, path)
    return path if (ROOT / path).is_file() else None


def _in_site(path: str) -> str:
    return path.removeprefix(_DOCS)


def _in_repository(uri: str) -> str:
    return _DOCS + uri if (ROOT / _DOCS / uri).is_file() else uri
