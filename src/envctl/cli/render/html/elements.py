"""HTML elements, and the tables and sections made of them. All text is escaped here, and user input never becomes
markup. Tables are accessible to screen readers, and never wider than the screen.
"""

from collections.abc import Iterable, Sequence
from html import escape

from envctl.cli.render.text.escapes import escape_text

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
VOID_ELEMENTS = frozenset({"meta", "link"})
# Put on a line of their own, to keep the page source readable.
_BLOCK_ELEMENTS = frozenset(
    {
        *("header", "nav", "main", "section", "footer", "article", "h1", "h2", "h3", "h4", "div", "p", "dl", "ul"),
        *("table", "thead", "tbody", "tr", "details", "g", "rect", "line"),
    }
)


class Html(str):
    """Escaped markup."""

    __slots__ = ()


EMPTY = Html("")
Piece = Html | str


def to_html(text: str) -> Html:
    """Escape text and show invisible characters; return `Html` unchanged."""
    return text if isinstance(text, Html) else Html(escape(escape_text(text), quote=True))


def join(*pieces: Piece) -> Html:
    return Html("".join(to_html(piece) for piece in pieces))


def tag(name: str, /, *pieces: Piece, **attributes: str | float | bool | None) -> Html:
    """Build an element. `class_` becomes `class`, `aria_label` becomes `aria-label`; None and False are left out."""
    start = f"<{name}{''.join(_format_attribute(key, value) for key, value in attributes.items())}>"
    start = f"\n{start}" if name in _BLOCK_ELEMENTS else start
    return Html(start) if name in VOID_ELEMENTS else Html(f"{start}{join(*pieces)}</{name}>")


def isolate(text: str) -> Html:
    """Wrap a name or a reason in `<bdi>`, to keep its text direction from affecting the sentence around it."""
    return tag("bdi", " ".join(text.split()))


def code(text: str) -> Html:
    return tag("code", text)


def dim(*pieces: Piece) -> Html:
    return tag("span", *pieces, class_="quiet")


def _format_attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = value if isinstance(value, str) else f"{round(float(value), 2):g}"
    return f' {name}="{to_html(text)}"'


def wrap_scrollable(label: str, *pieces: Piece, class_: str = "") -> Html:
    """Wrap wide content in a region scrollable by keyboard."""
    return tag("div", *pieces, class_=f"wide {class_}".strip(), role="region", aria_label=label, tabindex=0)


def render_table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[Piece]], class_: str = "", style: str = ""
) -> Html:
    """Render a table; the first cell of each row is its header. A cell may be a `<td>` already."""
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    body = tag("tbody", *(_render_row(row) for row in rows))
    element = tag("table", tag("caption", caption), head, body, class_=class_ or None, style=style or None)
    return wrap_scrollable(caption, element)


def render_facts(rows: Iterable[tuple[str, Piece]]) -> Html:
    """Render names and values as a definition list."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", definition)) for name, definition in rows), class_="facts")


def render_section(name: str, title: str, *pieces: Piece, note: Piece = "") -> Html:
    heading = tag("h2", title, id=f"{name}-title")
    note_element = tag("p", note, class_="note") if note else ""
    head = tag("div", heading, note_element, class_="head")
    return tag("section", head, *pieces, id=name, aria_labelledby=f"{name}-title")


def _render_row(cells: Sequence[Piece]) -> Html:
    first, *rest = cells
    wrapped = (each if isinstance(each, Html) and each.startswith("<td") else tag("td", each) for each in rest)
    return tag("tr", tag("th", first, scope="row"), *wrapped)
