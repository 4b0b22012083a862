"""Tables that are read aloud as well as seen, and that never make the page wider than the screen."""

from collections.abc import Iterable, Sequence

from envctl.cli.render.html.elements import Html, Piece, tag


def scrolling(label: str, *pieces: Piece, class_: str = "") -> Html:
    """Something wide, in a region of its own that can be reached and moved by keyboard."""
    return tag("div", *pieces, class_=f"wide {class_}".strip(), role="region", aria_label=label, tabindex=0)


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[Piece]], class_: str = "", style: str = ""
) -> Html:
    """The first cell of each row names it. A cell that is an element of its own, a td, stays as it is."""
    head = tag("thead", tag("tr", *(tag("th", each, scope="col") for each in heads)))
    body = tag("tbody", *(_row(row) for row in rows))
    whole = tag("table", tag("caption", caption), head, body, class_=class_ or None, style=style or None)
    return scrolling(caption, whole)


def cell(*pieces: Piece, class_: str) -> Html:
    return tag("td", *pieces, class_=class_)


def facts(rows: Iterable[tuple[str, Piece]]) -> Html:
    """What is known, by name."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", told)) for name, told in rows), class_="facts")


def section(name: str, title: str, *pieces: Piece, note: Piece = "") -> Html:
    heading = tag("h2", title, id=f"{name}-title")
    told = tag("p", note, class_="note") if note else ""
    return tag("section", tag("div", heading, told, class_="head"), *pieces, id=name, aria_labelledby=f"{name}-title")


def _row(cells: Sequence[Piece]) -> Html:
    first, *rest = cells
    return tag("tr", tag("th", first, scope="row"), *(_cell(each) for each in rest))


def _cell(piece: Piece) -> Html:
    return piece if isinstance(piece, Html) and piece.startswith("<td") else tag("td", piece)
