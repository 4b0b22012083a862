"""A plan by the causes of its changes: new code, other values, or what somebody did behind Terraform's back."""

from collections.abc import Iterator

from rich.console import Console

from envctl.cli.render.console.inspect.release_distance import empty, show_changes
from envctl.cli.render.console.inspect.settings_diff import told
from envctl.cli.render.console.plan.cost import show_cost
from envctl.cli.render.console.plan.drift import show_finding
from envctl.cli.render.console.plan.plan import show_stack, total
from envctl.cli.render.terminal.text import hanging, hinted, joined, plain, say
from envctl.cli.render.values.value_diff import from_to
from envctl.domain.plan.attribution import Cause, Part
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.plan.drift import findings
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.explain_plan import Explained

TITLES: dict[Cause, str] = {
    "release": "Because of the release",
    "settings": "Because of settings",
    "drift": "Because of drift",
    "other": "Because of something else",
}
MEANS: dict[Cause, str] = {
    "release": "new code and artifacts",
    "settings": "values that are others since it was deployed",
    "drift": "it undoes what somebody did",
    "other": "neither code, settings nor drift: something that the code reads, such as a data source",
}
_STYLES: dict[Cause, str] = {
    "release": "bold cyan",
    "settings": "bold blue",
    "drift": "bold red",
    "other": "bold yellow",
}


def show_explained(explained: Explained, out: Console) -> None:
    say(out, joined("Plan for ", (explained.environment, "bold"), f" · {of_what(explained)}"))
    say(out, plain(summary(explained), "bold"))
    if explained.unexplained:
        hanging(out, joined(("! ", "bold yellow"), explained.unexplained))
    for part in explained.parts:
        out.print()
        say(out, joined((TITLES[part.cause], _STYLES[part.cause]), (f": {MEANS[part.cause]}", "dim")))
        _cause(part.cause, explained, out)
        for stack in part.stacks:
            show_stack(stack, out)
    _waiting(explained, out)
    if explained.plan.cost is not None:
        out.print()
        show_cost(explained.plan, out)
    if explained.changes and not explained.release:
        hinted(out, f"envctl apply {explained.environment}")


def of_what(explained: Explained) -> str:
    """What is planned, and what runs there now."""
    what = f"release {short(explained.release)}" if explained.release else "the working tree"
    if not explained.runs:
        return f"{what}, where nothing runs yet"
    return (
        f"{what}, which runs there" if explained.release == explained.runs else f"{what}, after {short(explained.runs)}"
    )


def summary(explained: Explained) -> str:
    told = [f"{part.cause}: {total(of_part(part, explained))}" for part in explained.parts]
    return "; ".join(told) or total(explained.plan)


def of_part(part: Part, explained: Explained) -> EnvironmentPlan:
    return EnvironmentPlan(explained.environment, explained.release, part.stacks)


def lines(explained: Explained) -> Iterator[str]:
    """The settings that have become others, each with the place where it is written now."""
    for pair in explained.settings:
        before, _ = told(pair.first)
        now, place = told(pair.second)
        yield f"{pair.name}: {before} → {now}{f'  ({place})' if place else ''}"


def waiting(explained: Explained) -> tuple[StackPlan, ...]:
    return tuple(stack for stack in explained.plan.stacks if stack.waits_for)


def _cause(cause: Cause, explained: Explained, out: Console) -> None:
    match cause:
        case "release":
            _code(explained, out)
        case "settings":
            for line in lines(explained):
                hanging(out, joined("  ", line), 4)
        case "drift":
            _drift(explained, out)
        case _:
            return


def _code(explained: Explained, out: Console) -> None:
    if explained.code and not empty(explained.code):
        show_changes(explained.code, out)
    for pair in explained.artifacts:
        beside, block = from_to(pair.first, pair.second, out.width - 13 - len(pair.variable), out.width - 8)
        say(out, joined("artifact ", (pair.variable, "bold"), f": {beside}"), 2)
        for each in block:
            say(out, each, 6)


def _drift(explained: Explained, out: Console) -> None:
    for drifted in explained.drifted:
        for finding in findings([(explained.environment, StackPlan(drifted.stack, drifted.resources))]):
            show_finding(finding, out, one=True, drift=True)
    if explained.drifted:
        say(out, plain("and so is planned:", "dim"), 2)


def _waiting(explained: Explained, out: Console) -> None:
    for stack in waiting(explained):
        out.print()
        show_stack(stack, out)
