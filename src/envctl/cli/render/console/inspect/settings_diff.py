"""Settings of two environments compared, each with its origin."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.terminal.columns import print_columns
from envctl.cli.render.terminal.text import join_text, print_item, print_text, to_text
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
        heads = ("", "setting", diff.settings.first, diff.settings.second)
        print_columns(heads, [_build_row(pair) for pair in pairs], out, out.width // 3)
    else:
        for pair in pairs:
            _show_pair(diff.settings, pair, out)
    if later := words.describe_later_refusals(diff.settings):
        print_text(out, later)


def _build_row(pair: Pair) -> tuple[Text, ...]:
    parity = f"\n{words.VERDICTS[pair.parity]}" if pair.parity else ""
    name = join_text((pair.name, "bold"), (f"\n{', '.join(pair.stacks)}", "dim"), (parity, _STYLES[pair.parity]))
    sides = (words.format_setting(pair.first), words.format_setting(pair.second))
    cells = (join_text(value, ("\n" + place if place else "", "dim")) for value, place in sides)
    return (to_text(*_MARKS[pair.relation == "equal"]), name, *cells)


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
