"""Settings of two environments compared, each with its origin."""

from rich.console import Console, Group
from rich.table import Table

from envctl.cli.render.console.inspect.settings import format_origin, format_value
from envctl.cli.render.terminal.text import measure_width, pad_text, print_item, print_table, print_text, to_text
from envctl.domain.settings.comparison import Comparison, Pair
from envctl.domain.settings.settings import Setting
from envctl.usecases.inspect.diff import Diff

MIN_TABLE_WIDTH = 100
VERDICTS = {"": "", "allowed": "may differ", "refused": "parity refuses"}
VERDICT_COUNT_TEXTS = {"refused": "parity refuses", "allowed": "parity allows"}
PARITY_RANKS = {"refused": 0, "": 1, "allowed": 2}
_MARKS = {True: ("=", "dim"), False: ("≠", "yellow")}
_STYLES = {"": "", "allowed": "dim", "refused": "bold red"}


def show_comparison(diff: Diff, out: Console) -> None:
    if diff.settings is None:
        print_text(out, ("Settings: ", "bold"), explain_no_comparison(diff))
        return
    print_text(out, ("Settings: ", "bold"), summarize_settings(diff))
    pairs = select_pairs(diff)
    if pairs and out.width >= MIN_TABLE_WIDTH:
        _show_table(diff.settings, pairs, out)
    else:
        for pair in pairs:
            _show_pair(diff.settings, pair, out)
    if later := describe_later_refusals(diff.settings):
        print_text(out, later)


def explain_no_comparison(diff: Diff) -> str:
    unknown = [side.environment for side in (diff.first, diff.second) if side.problems]
    return f"not compared: settings of {' and '.join(unknown)} are unknown"


def select_pairs(diff: Diff) -> tuple[Pair, ...]:
    """Return the pairs to show, refused differences first."""
    if diff.settings is None:
        return ()
    pairs = diff.settings.pairs if diff.everything else diff.settings.unequal_pairs
    return tuple(sorted(pairs, key=lambda pair: (pair.relation == "equal", PARITY_RANKS[pair.parity])))


def summarize_settings(diff: Diff) -> str:
    pairs = diff.settings.pairs if diff.settings else ()
    unequal = [pair for pair in pairs if pair.relation != "equal"]
    equal = len(pairs) - len(unequal)
    text = f"{len(unequal)} {'differs' if len(unequal) == 1 else 'differ'}" if unequal else "none differs"
    counts = {word: sum(pair.parity == judged for pair in unequal) for judged, word in VERDICT_COUNT_TEXTS.items()}
    judged = ", ".join(f"{word} {number}" for word, number in counts.items() if number)
    text += f" ({judged})" if judged else ""
    text += f", {equal} {'is' if equal == 1 else 'are'} equal" if equal else ""
    return text + ("" if diff.everything or not equal else "; --all shows equal values")


def describe_later_refusals(settings: Comparison) -> str:
    """Name the settings refused by parity once both run the same release."""
    names = ", ".join(sorted(settings.refused - {pair.name for pair in settings.unequal_pairs}))
    return f"With the same release, {names} would differ too, and parity would refuse it." if names else ""


def format_setting(setting: Setting | None) -> tuple[str, str]:
    """Return value and origin of a setting."""
    return (format_value(setting), format_origin(setting)) if setting else ("(no such setting)", "")


def _show_table(settings: Comparison, pairs: tuple[Pair, ...], out: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("setting", overflow="fold")
    for environment in (settings.first, settings.second):
        table.add_column(to_text(environment), ratio=1, overflow="fold")
    for pair in pairs:
        judged = [to_text(VERDICTS[pair.parity], _STYLES[pair.parity])] if pair.parity else []
        name = Group(to_text(pair.name, "bold"), to_text(", ".join(pair.stacks), "dim"), *judged)
        sides = (format_setting(pair.first), format_setting(pair.second))
        cells = (Group(to_text(value), to_text(origin, "dim")) for value, origin in sides)
        table.add_row(to_text(*_MARKS[pair.relation == "equal"]), name, *cells)
    print_table(out, table)


def _show_pair(settings: Comparison, pair: Pair, out: Console) -> None:
    stacks = f" ({', '.join(pair.stacks)})"
    judged = (f"  {VERDICTS[pair.parity]}".rstrip(), _STYLES[pair.parity])
    mark, style = _MARKS[pair.relation == "equal"]
    print_item(out, "  ", (f"{mark} ", style), (pair.name, "bold"), stacks, judged, indent=4)
    width = measure_width((settings.first, settings.second), 32)
    for environment, setting in ((settings.first, pair.first), (settings.second, pair.second)):
        value, place = format_setting(setting)
        print_item(out, "    ", pad_text(environment, width), "  ", value, indent=width + 6)
        if place:
            print_text(out, (place, "dim"), indent=width + 6)
