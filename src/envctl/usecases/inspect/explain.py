"""What a code means: its part of the pages of errors and guards, which come with envctl."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from envctl.domain.errors import Problem, UsageError
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.ports.project import Templates

_ROW = re.compile(r"^\| (E\d{3}) \| ([\d, ]+) \| (.+) \| (.+) \|$")
_GUARD = re.compile(r"## ((G\d{3}) .+)")
_HEADING = re.compile(r"(#+) (.+)")
# Links to other places than pages are only removed.
_LINK = re.compile(r"\[((?:[^][]|\[[^]]*\])+)\]\((?:([\w-]+\.md)?(?:#([\w-]+))?|[^)]+)\)")
_GUARD_EXIT_CODES = (3, 4)


@dataclass(frozen=True)
class Section:
    """A part of a page. Each paragraph of `text` is one line of Markdown, without links."""

    title: str
    text: str


@dataclass(frozen=True)
class Explanation:
    """The meaning of a code."""

    code: str
    title: str  # The name of the guard, or the area of the error
    exit_codes: tuple[int, ...]  # How a command with this problem ends
    text: str  # The meaning, and what to do, as in a section
    sections: tuple[Section, ...]  # The parts of other pages that the text refers to


def list_codes(templates: Templates) -> list[str]:
    found = [row[1] for line in _read_page(templates, "errors.md") if (row := _ROW.match(line))]
    return found + [row[2] for line in _read_page(templates, "guards.md") if (row := _GUARD.match(line))]


def explain_code(templates: Templates, code: str) -> Explanation:
    """Return the explanation of a code in upper or lower case. Raises UsageError (E048) for an unknown one."""
    code = code.strip().upper()
    title = ""
    for line in _read_page(templates, "errors.md"):
        if heading := _HEADING.match(line):
            title = heading[2]
        if (row := _ROW.match(line)) and row[1] == code:
            _, exit_codes, meaning, advice = row.groups()
            text = _clean([meaning, "", f"**What to do.** {advice}"])
            links = dict.fromkeys(link.group(2, 3) for link in _LINK.finditer(line) if any(link.group(2, 3)))
            sections = tuple(_find_section(templates, page or "errors.md", anchor or "") for page, anchor in links)
            return Explanation(code, title, tuple(map(int, exit_codes.split(","))), text, sections)
    for line in _read_page(templates, "guards.md"):
        if (guard := _GUARD.match(line)) and guard[2] == code:
            section = _find_section(templates, "guards.md", _to_anchor(guard[1]))
            return Explanation(code, section.title.removeprefix(f"{code} "), _GUARD_EXIT_CODES, section.text, ())
    near = find_nearest(code, list_codes(templates))
    hint = f"did you mean {near}?" if near else "a code is like E321 or G102"
    raise UsageError(Problem("E048", f"unknown code {code!r}", hint))


def _read_page(templates: Templates, name: str) -> list[str]:
    path = f"docs/{name}"
    return templates.load_shipped(path)[path].data.decode().splitlines()


def _find_section(templates: Templates, page: str, anchor: str) -> Section:
    """Return the section with this anchor and all below it; without an anchor, the beginning of the page."""
    title, lines, depth, is_code = "", [], 0, False
    for line in _read_page(templates, page):
        is_code ^= line.lstrip().startswith("```")
        heading = None if is_code else _HEADING.match(line)
        if depth and heading and len(heading[1]) <= depth:
            break
        if depth:
            lines.append(line)
        elif heading and (not anchor or _to_anchor(heading[2]) == anchor):
            title, depth = heading[2], len(heading[1]) if anchor else 2
    return Section(title, _clean(lines))


def _to_anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _clean(lines: list[str]) -> str:
    return "\n".join(_join_paragraphs(lines)).strip()


def _join_paragraphs(lines: list[str]) -> Iterator[str]:
    """Yield each paragraph, item, row and line of code as one line, without links and comments."""
    paragraph, is_code = "", False
    for line in (*lines, ""):
        is_fence = line.lstrip().startswith("```")
        is_alone = is_code or is_fence or not line or line.startswith(("|", "#", "<!--"))
        if paragraph and (is_alone or re.match(r"(?:-|\d+\.) ", line)):
            yield _LINK.sub(r"\1", paragraph)
            paragraph = ""
        if not is_alone:
            paragraph += f" {line.strip()}" if paragraph else line
        elif not line.startswith("<!--"):
            yield line if is_code or is_fence else _LINK.sub(r"\1", line)
        is_code ^= is_fence
