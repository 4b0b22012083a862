"""Settings of two environments side by side, each with the line that it comes from."""

from rich.console import Console, Group
from rich.table import Table

from envctl.cli.render.console.inspect.settings import origin, value
from envctl.cli.render.terminal.text import hanging, joined, padded, plain, say, trimmed, visible, widest
from envctl.domain.settings.comparison import Comparison, Pair
from envctl.domain.settings.values import Setting
from envctl.usecases.inspect.diff import Diff

TABLE_FROM = 100
VERDICTS = {"": "", "allowed": "may differ", "refused": "parity refuses"}
COUNTED = {"refused": "parity refuses", "allowed": "parity allows"}
RANKS = {"refused": 0, "": 1, "allowed": 2}
_STYLES = {"": "", "allowed": "dim", "refused": "bold red"}


def show_comparison(diff: Diff, out: Console) -> None:
    if diff.settings is None:
        say(out, joined(("Settings: ", "bold"), not_compared(diff)))
        return
    say(out, joined(("Settings: ", "bold"), summary(diff)))
    pairs = listed(diff)
    if pairs and out.width >= TABLE_FROM:
        _table(diff.settings, pairs, out)
    else:
        for pair in pairs:
            _stacked(diff.settings, pair, out)
    if later := refused_later(diff.settings):
        say(out, later)


def not_compared(diff: Diff) -> str:
    unknown = [side.environment for side in (diff.first, diff.second) if side.problems]
    return f"not compared, as those of {' and '.join(unknown)} are not known"


def listed(diff: Diff) -> tuple[Pair, ...]:
    """What people asked to see, what matters most first."""
    if diff.settings is None:
        return ()
    pairs = diff.settings.pairs if diff.everything else diff.settings.unequal
    return tuple(sorted(pairs, key=lambda pair: (pair.relation == "equal", RANKS[pair.parity])))


def summary(diff: Diff) -> str:
    pairs = diff.settings.pairs if diff.settings else ()
    unequal = [pair for pair in pairs if pair.relation != "equal"]
    equal = len(pairs) - len(unequal)
    told = f"{len(unequal)} {'differs' if len(unequal) == 1 else 'differ'}" if unequal else "none differs"
    counts = {word: sum(pair.parity == judged for pair in unequal) for judged, word in COUNTED.items()}
    judged = ", ".join(f"{word} {number}" for word, number in counts.items() if number)
    told += f" ({judged})" if judged else ""
    told += f", {equal} {'is' if equal == 1 else 'are'} equal" if equal else ""
    return told + ("" if diff.everything or not equal else "; --all shows what is equal")


def refused_later(settings: Comparison) -> str:
    """What would differ once both run the same release."""
    seen = {pair.name for pair in settings.unequal}
    names = sorted(settings.refused - seen)
    return (
        f"With the same release they would differ in {', '.join(names)} too, and parity would refuse it."
        if names
        else ""
    )


def mark(pair: Pair) -> str:
    return "=" if pair.relation == "equal" else "≠"


def told(setting: Setting | None) -> tuple[str, str]:
    """The value, and where it comes from."""
    return (value(setting), origin(setting)) if setting else ("(no such setting)", "")


def _table(settings: Comparison, pairs: tuple[Pair, ...], out: Console) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("")
    table.add_column("setting", overflow="fold")
    for environment in (settings.first, settings.second):
        table.add_column(plain(environment), ratio=1, overflow="fold")
    for pair in pairs:
        sides = _cell(pair.first), _cell(pair.second)
        table.add_row(plain(mark(pair), _mark_style(pair)), _name(pair), *sides)
    trimmed(out, table)


def _name(pair: Pair) -> Group:
    judged = [plain(VERDICTS[pair.parity], _STYLES[pair.parity])] if pair.parity else []
    return Group(plain(pair.name, "bold"), plain(", ".join(pair.stacks), "dim"), *judged)


def _cell(setting: Setting | None) -> Group:
    value, place = told(setting)
    return Group(plain(value), plain(place, "dim"))


def _stacked(settings: Comparison, pair: Pair, out: Console) -> None:
    stacks = f" ({', '.join(pair.stacks)})"
    judged = (f"  {VERDICTS[pair.parity]}".rstrip(), _STYLES[pair.parity])
    hanging(out, joined("  ", (f"{mark(pair)} ", _mark_style(pair)), (pair.name, "bold"), stacks, judged), 4)
    width = widest((settings.first, settings.second), 32)
    for environment, setting in ((settings.first, pair.first), (settings.second, pair.second)):
        value, place = told(setting)
        hanging(out, joined("    ", padded(visible(environment), width), "  ", value), width + 6)
        if place:
            say(out, plain(place, "dim"), width + 6)


def _mark_style(pair: Pair) -> str:
    return "dim" if pair.relation == "equal" else "yellow"
