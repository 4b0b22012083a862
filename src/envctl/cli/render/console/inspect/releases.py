"""Releases, newest first, and one release with all that is known of it."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.columns import COLUMN_GAP, measure_columns, print_columns
from envctl.cli.render.terminal.release_labels import fit_label
from envctl.cli.render.terminal.text import print_item, print_nowrap, print_text, to_text
from envctl.cli.render.text.sentences import format_actor
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.words import releases as words
from envctl.domain.ledger.state import to_label
from envctl.usecases.inspect.releases import ReleaseDetails, Releases

MIN_TABLE_WIDTH = 100
MAX_NAME_WIDTH = 32


def show_releases(listed: Releases, out: Console) -> None:
    if not listed.releases:
        print_text(out, words.describe_empty_list(listed))
        return
    rows = [tuple(map(to_text, words.format_row(each, listed.now))) for each in listed.releases]
    if fits_in_columns(rows, out.width):
        print_columns(words.HEADS, rows, out, out.width // 3)
    else:
        for each in listed.releases:
            print_nowrap(out, (fit_label(to_label(each.release), out.width, listed.now), "bold"))
            where = words.describe_places(each)
            print_text(out, f"by {format_actor(each.release.by)}{f' · {where}' if where else ''}", indent=4)
    if listed.more:
        print_text(out, (words.describe_rest(listed), "dim"))


def fits_in_columns(rows: Sequence[Sequence[Text]], width: int) -> bool:
    """Check if a table shows every cell on one line. Only the subject may be wrapped, to a third of the width."""
    widths = measure_columns(words.HEADS, rows)
    widths[1] = min(widths[1], width // 3)
    return width >= MIN_TABLE_WIDTH and sum(widths) + len(COLUMN_GAP) * (len(words.HEADS) - 1) <= width


def show_release_details(details: ReleaseDetails, out: Console) -> None:
    label = to_label(details.release)
    print_nowrap(out, "Release ", (fit_label(label, out.width - len("Release "), details.now), "bold"))
    facts = list(words.list_facts(details))
    width = measure_width((name for name, _ in facts), MAX_NAME_WIDTH)
    for name, text in facts:
        lead = ("  ", (pad_text(name, width), "dim"), "  ")
        if name == "artifact" or " " not in text:
            # An id, a commit, an address or an artifact stays whole, for copying.
            print_nowrap(out, *lead, text)
        else:
            print_item(out, *lead, text, indent=width + 4)
    out.print()
    width = measure_width((place.environment for place in details.places), MAX_NAME_WIDTH)
    for place in details.places:
        environment = (pad_text(place.environment, width), "bold")
        print_item(out, "  ", environment, "  ", words.describe_place(place, details.now), indent=width + 4)
