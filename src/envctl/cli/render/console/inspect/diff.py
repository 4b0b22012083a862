"""Two environments side by side: what runs there, how far apart that is, and what is configured otherwise."""

from collections.abc import Iterator

from rich.console import Console

from envctl.cli.render.console.inspect.artifacts import show_artifacts
from envctl.cli.render.console.inspect.release_distance import made_of, show_distance
from envctl.cli.render.console.inspect.settings_diff import show_comparison
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import hanging, joined, known_as, padded, plain, say, visible, widest
from envctl.cli.render.terminal.times import Zone, moment
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.diff import Diff, Side


def show_diff(diff: Diff, out: Console) -> None:
    width = widest((side.environment for side in sides(diff)), 32)
    for side in sides(diff):
        _side(side, width, out)
    if found := diff.problems:
        out.print()
        show_problems(found, out, "unknown", "bold red")
    out.print()
    say(out, plain(headline(diff), "bold"))
    if diff.distance:
        show_distance(diff.distance, (diff.first, diff.second), out)
    show_artifacts(diff, out)
    out.print()
    show_comparison(diff, out)


def sides(diff: Diff) -> tuple[Side, Side]:
    return diff.first, diff.second


def headline(diff: Diff) -> str:
    """How far the releases are apart, in a sentence."""
    first, second = sides(diff)
    if diff.distance:
        behind = diff.distance.behind
        if behind:
            return f"{diff.distance.older} is {counted(behind, 'release')} behind {diff.distance.newer}."
        return f"{diff.distance.newer} is ahead of {diff.distance.older} by what is not a release yet."
    if first.release and first.release == second.release:
        both = "Both run" if first.origin == second.origin == "deployed" else "Both have"
        return f"{both} the same release."
    empty = [side.environment for side in sides(diff) if side.origin == "nothing"]
    if empty:
        return f"Nothing runs in {' and '.join(empty)}: there are no releases to compare."
    return "How far the releases are apart is not known."


def runs(side: Side, zone: Zone = None) -> str:
    if side.deployment:
        at = moment(side.deployment.ended_at or side.deployment.started_at, zone)
        commit = f", {made_of(side.known)}" if side.known else ""
        return f"runs release {short(side.release)}{commit}, since {at}, by {known_as(side.deployment.by)}"
    if side.origin == "working tree":
        name = f", which would be release {short(side.release)}" if side.release else ""
        return f"{_nothing(side)}: the working tree stands for it{name}"
    return _nothing(side)


def _nothing(side: Side) -> str:
    return "runs nothing" if side.whole else "runs nothing whole"


def remarks(side: Side) -> Iterator[str]:
    """What to bear in mind about one side."""
    if not side.whole:
        yield "its last deployment did not succeed: what is there may be a mixture"
    if side.pending:
        yield "its settings are no longer those that were deployed; today's are compared"
    if side.origin == "nothing" and not side.problems:
        what = f"release {short(side.against)}" if side.against else "the working tree"
        yield f"its settings are read as {what} takes them"


def _side(side: Side, width: int, out: Console) -> None:
    head = joined((padded(visible(side.environment), width), "bold"), "  ", runs(side))
    hanging(out, head, width + 2)
    for remark in remarks(side):
        say(out, joined(("! ", "bold yellow"), remark), width + 2)
