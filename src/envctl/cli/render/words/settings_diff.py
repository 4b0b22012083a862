"""Settings of two environments compared, each with its origin."""

from envctl.cli.render.words.settings import format_origin, format_value
from envctl.domain.settings.comparison import Comparison, Pair
from envctl.domain.settings.settings import Setting
from envctl.usecases.inspect.diff import Diff

VERDICTS = {"": "", "allowed": "may differ", "refused": "parity refuses"}
VERDICT_COUNT_TEXTS = {"refused": "parity refuses", "allowed": "parity allows"}
PARITY_RANKS = {"refused": 0, "": 1, "allowed": 2}


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
    return (format_value(setting), format_origin(setting)) if setting else ("(no such setting)", "")
