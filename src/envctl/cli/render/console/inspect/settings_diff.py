"""Settings of two environments compared, each with its origin."""

from rich.console import Console, Group
from rich.table import Table

from envctl.cli.render.terminal.text import print_item, print_table, print_text, to_text
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.words import settings_diff as words
from envctl.domain.settings.comparison import Comparison, Pair
from envctl.usecases.inspect.diff import Diff

MIN_TABLE_WIDTH = 100
_MARKS = {True: ("=", "dim"), False: ("≠", "yellow")}
_STYLES = {"": "", "allowed": "dim", "refused": "bold red"}


def show_comparison(diff: Diff, out: Console) -> None:
    if diff.settings is None:
        print_text(out, ("Settings: ", "bold"), words.explain_no_comparison(diff))
        return
    print_text(out, ("Settings: ", "bold"), words.summarize_settings(diff))
    pairs = words.select_pairs(diff)
    if pairs and out.width >= MIN_TABLE_WIDTH:
        _show_table(diff.settings, pairs, out)
    else:
        for pair in pairs:
            _show_pair(diff.settings, pair, out)
    if later := words.describe_later_refusals(diff.settings):
        print_text(out, later)


def _show_table(settings: Comparison, pairs: tuple[Pair, ...], out: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("setting", overflow="fold")
    for environment in (settings.first, settings.second):
        table.add_column(to_text(environment), ratio=1, overflow="fold")
    for pair in pairs:
        judged = [to_text(words.VERDICTS[pair.parity], _STYLES[pair.parity])] if pair.parity else []
        name = Group(to_text(pair.name, "bold"), to_text(", ".join(pair.stacks), "dim"), *judged)
        sides = (words.format_setting(pair.first), words.format_setting(pair.second))
        cells = (Group(to_text(value), to_text(origin, "dim")) for value, origin in sides)
        table.add_row(to_text(*_MARKS[pair.relation == "equal"]), name, *cells)
    print_table(out, table)


def _show_pair(settings: Comparison, pair: Pair, out: Console) -> None:
    stacks = f" ({', '.join(pair.stacks)})"
    judged = (f"  {words.VERDICTS[pair.parity]}".rstrip(), _STYLES[pair.parity])
    mark, style = _MARKS[pair.relation == "equal"]
    print_item(out, "  ", (f"{mark} ", style), (pair.name, "bold"), stacks, judged, indent=4)
    width = measure_width((settings.first, settings.second), 32)
    for environment, setting in ((settings.first, pair.first), (settings.second, pair.second)):
        value, place = words.format_setting(setting)
        print_item(out, "    ", pad_text(environment, width), "  ", value, indent=width + 6)
        if place:
            print_text(out, (place, "dim"), indent=width + 6)
