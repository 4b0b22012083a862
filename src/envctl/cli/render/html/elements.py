"""HTML elements. All text is escaped here, and user input never becomes markup."""

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
