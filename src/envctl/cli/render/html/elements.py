"""Elements of a page. Text becomes markup in here and nowhere else, and so nothing that people wrote is ever taken for
markup.
"""

from html import escape

from envctl.cli.render.terminal.text import visible

VOID = frozenset({"meta", "link"})
# Each begins a line of its own, for who reads the source of the page.
_BLOCKS = frozenset(
    {
        *("header", "nav", "main", "section", "footer", "article", "h1", "h2", "h3", "h4", "div", "p", "dl", "ul"),
        *("table", "thead", "tbody", "tr", "details", "g", "rect", "line"),
    }
)


class Html(str):
    """Markup that is safe as it stands."""

    __slots__ = ()


NOTHING = Html("")
Piece = Html | str


def written(text: str) -> Html:
    """What somebody wrote, as it is read: whatever is invisible is spelt out."""
    return text if isinstance(text, Html) else Html(escape(visible(text), quote=True))


def several(*pieces: Piece) -> Html:
    return Html("".join(written(piece) for piece in pieces))


def tag(name: str, /, *pieces: Piece, **attributes: str | float | bool | None) -> Html:
    """`class_` is the attribute class, `aria_label` is aria-label. One that is None or False is left out."""
    said = "".join(_said(key, value) for key, value in attributes.items() if value is not None and value is not False)
    start = f"\n<{name}{said}>" if name in _BLOCKS else f"<{name}{said}>"
    return Html(start) if name in VOID else Html(f"{start}{several(*pieces)}</{name}>")


def quoted(text: str) -> Html:
    """A name or a reason: whichever way its letters run, the sentence around it keeps its own."""
    return tag("bdi", " ".join(text.split()))


def code(text: str) -> Html:
    return tag("code", text)


def quiet(*pieces: Piece) -> Html:
    return tag("span", *pieces, class_="quiet")


def spoken(text: str) -> Html:
    """For who listens to the page, where a sign says it to the others."""
    return tag("span", text, class_="spoken")


def _said(key: str, value: str | float | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    told = value if isinstance(value, str) else f"{round(float(value), 2):g}"
    return f' {name}="{written(told)}"'
