"""Signs of the report: a shape, a color and always a word."""

from dataclasses import dataclass

from envctl.cli.render.html.elements import EMPTY, Html, Piece, tag

_CHECK, _CROSS = "M4.6 8.3 7 10.7l4.4-5", "m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2"
_DISC = '<circle cx="8" cy="8" r="7" fill="currentColor"/>'
_RING = '<circle cx="8" cy="8" r="6.2" fill="var(--card)" stroke="currentColor" stroke-width="1.6"/>'


def _draw_stroke(path: str, color: str = "var(--card)") -> str:
    line = 'stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"'
    return f'<path d="{path}" fill="none" stroke="{color}" {line}/>'


# SVG in a 16 by 16 view box. Marks on filled shapes have the background color.
_SHAPES = {
    "proven": _DISC + _draw_stroke(_CHECK),
    "done": _RING + _draw_stroke(_CHECK, "currentColor"),
    "failed": '<rect x="1.4" y="1.4" width="13.2" height="13.2" rx="2.6" fill="currentColor"/>' + _draw_stroke(_CROSS),
    "doubt": '<path d="M8 1 15.4 14.4H.6z" fill="currentColor" stroke="currentColor" stroke-linejoin="round"/>'
    + _draw_stroke("M8 6v4m0 2.3v.1"),
    "stopped": '<path d="M8 .6 15.4 8 8 15.4.6 8z" fill="currentColor"/>' + _draw_stroke("M6.3 5.8v4.4m3.4-4.4v4.4"),
    "abandoned": _RING + _draw_stroke("m4.4 11.6 7.2-7.2", "currentColor"),
    "open": '<circle cx="8" cy="8" r="6.2" fill="var(--card)" stroke="currentColor" stroke-width="1.8"'
    ' stroke-dasharray="3.2 2.4"/><circle cx="8" cy="8" r="2.4" fill="currentColor"/>',
    "back": _DISC + _draw_stroke("M6.6 4.6 4.4 6.8l2.2 2.2M4.8 6.8h4a2.3 2.3 0 0 1 0 4.6H7"),
    "gone": _DISC + _draw_stroke("M4.6 8h6.8"),
    "nothing": '<circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.4"'
    ' stroke-dasharray="2.2 2.2"/>',
    "ring": '<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.4"'
    ' stroke-dasharray="3 2"/>',
    "lock": '<rect x="2.6" y="7" width="10.8" height="7.6" rx="1.6" fill="currentColor"/>'
    + _draw_stroke("M5 7V5a3 3 0 0 1 6 0v2", "currentColor"),
    "hold": _RING + _draw_stroke("M6.4 5.6v4.8m3.2-4.8v4.8", "currentColor"),
    "given": '<path d="M8 .8 15.2 8 8 15.2.8 8z" fill="currentColor"/>' + _draw_stroke("M5.4 8.2 7.2 10l3.4-3.8"),
    "missing": '<path d="M8 1.9 14.1 8 8 14.1 1.9 8z" fill="var(--card)" stroke="currentColor" stroke-width="1.6"/>',
}


@dataclass(frozen=True)
class Sign:
    """`tone` is ok, doubt, bad or still."""

    shape: str
    tone: str
    word: str


def render_sign_definitions() -> Html:
    """Render all shapes as SVG symbols, referred to by the signs."""
    shapes = (tag("symbol", Html(drawing), id=f"sign-{name}", viewBox="0 0 16 16") for name, drawing in _SHAPES.items())
    return tag("svg", *shapes, width="0", height="0", class_="store", aria_hidden="true", focusable="false")


def render_sign(sign: Sign) -> Html:
    """Render the shape alone; put a word beside it."""
    attributes = {"class_": f"sign {sign.tone}", "aria_hidden": "true", "focusable": "false"}
    return tag("svg", tag("use", href=f"#sign-{sign.shape}"), width=16, height=16, viewBox="0 0 16 16", **attributes)


def render_sign_at(sign: Sign, x: float, y: float, size: float, *tooltip: Piece) -> Html:
    """Render the shape centered at a point of a picture, with a tooltip."""
    title = tag("title", *tooltip) if tooltip else EMPTY
    shape = tag("use", href=f"#sign-{sign.shape}", x=x - size / 2, y=y - size / 2, width=size, height=size)
    return tag("g", title, shape, class_=sign.tone)


def render_label(sign: Sign, *more: Piece) -> Html:
    return tag("span", render_sign(sign), tag("span", tag("b", sign.word), *more), class_=f"labelled {sign.tone}")
