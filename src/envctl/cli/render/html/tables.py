"""Tables and sections, accessible to screen readers and never wider than the screen."""

from collections.abc import Iterable, Sequence

from envctl.cli.render.html.elements import Html, Piece, tag


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
