"""Two environments compared: releases, code, artifacts and settings."""

from rich.console import Console
from rich.text import Text

from envctl.cli.render.console.inspect.release_distance import show_distance
from envctl.cli.render.terminal.columns import print_columns
from envctl.cli.render.terminal.plan import show_resource
from envctl.cli.render.terminal.text import join_text, print_item, print_text, show_problems, to_text
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.words import diff as words
from envctl.cli.render.words import settings_diff
from envctl.domain.plan.summary import FoldedChange
from envctl.domain.settings.comparison import Comparison, Pair
from envctl.usecases.inspect.diff import Diff

MIN_TABLE_WIDTH = 100
_MARKS = {True: ("=", "dim"), False: ("≠", "yellow")}
_STYLES = {"": "", "allowed": "dim", "refused": "bold red"}


def show_diff(diff: Diff, out: Console) -> None:
    width = measure_width((side.environment for side in (diff.first, diff.second)), 32)
    for side in (diff.first, diff.second):
        print_item(out, (pad_text(side.environment, width), "bold"), "  ", words.describe_side(side), indent=width + 2)
        for remark in words.list_remarks(side):
            print_text(out, ("! ", "bold yellow"), remark, indent=width + 2)
    if diff.problems:
        out.print()
        show_problems(diff.problems, out, "unknown", "bold red")
    out.print()
    print_text(out, (words.format_headline(diff), "bold"))
    if diff.distance:
        show_distance(diff.distance, (diff.first, diff.second), out)
    _show_artifacts(diff, out)
    out.print()
    _show_comparison(diff, out)
    if diff.objects:
        out.print()
        print_text(out, (words.summarize_objects(diff.objects), "bold"))
        for stack in diff.objects.stacks:
            for change in stack.changes:
                show_resource(FoldedChange(change, f"{stack.stack}: {change.address}"), out)
            if stack.problem:
                print_text(out, ("! ", "bold yellow"), words.describe_object_problem(stack), indent=2)


def _show_artifacts(diff: Diff, out: Console) -> None:
    if not diff.artifacts:
        return
    out.print()
    print_text(out, ("Artifacts: ", "bold"), words.summarize_artifacts(diff))
    width = measure_width((diff.first.environment, diff.second.environment), 32)
    for pair in diff.artifacts:
        if pair.equal and not diff.everything:
            continue
        mark = ("= ", "dim") if pair.equal else ("≠ ", "yellow")
        print_text(out, mark, (pair.variable, "bold"), indent=2)
        for environment, value in words.list_artifact_values(pair, diff):
            print_item(out, "    ", pad_text(environment, width), "  ", value, indent=width + 6)


def _show_comparison(diff: Diff, out: Console) -> None:
    if diff.settings is None:
        print_text(out, ("Settings: ", "bold"), settings_diff.explain_no_comparison(diff))
        return
    print_text(out, ("Settings: ", "bold"), settings_diff.summarize_settings(diff))
    pairs = settings_diff.select_pairs(diff)
    if pairs and out.width >= MIN_TABLE_WIDTH:
        heads = ("", "setting", diff.settings.first, diff.settings.second)
        print_columns(heads, [_build_row(pair) for pair in pairs], out, out.width // 3)
    else:
        for pair in pairs:
            _show_pair(diff.settings, pair, out)
    if later := settings_diff.describe_later_refusals(diff.settings):
        print_text(out, later)


def _build_row(pair: Pair) -> tuple[Text, ...]:
    parity = f"\n{settings_diff.VERDICTS[pair.parity]}" if pair.parity else ""
    name = join_text((pair.name, "bold"), (f"\n{', '.join(pair.stacks)}", "dim"), (parity, _STYLES[pair.parity]))
    sides = (settings_diff.format_setting(pair.first), settings_diff.format_setting(pair.second))
    cells = (join_text(value, ("\n" + place if place else "", "dim")) for value, place in sides)
    return (to_text(*_MARKS[pair.relation == "equal"]), name, *cells)


def _show_pair(settings: Comparison, pair: Pair, out: Console) -> None:
    stacks = f" ({', '.join(pair.stacks)})"
    judged = (f"  {settings_diff.VERDICTS[pair.parity]}".rstrip(), _STYLES[pair.parity])
    mark, style = _MARKS[pair.relation == "equal"]
    print_item(out, "  ", (f"{mark} ", style), (pair.name, "bold"), stacks, judged, indent=4)
    width = measure_width((settings.first, settings.second), 32)
    for environment, setting in ((settings.first, pair.first), (settings.second, pair.second)):
        value, place = settings_diff.format_setting(setting)
        print_item(out, "    ", pad_text(environment, width), "  ", value, indent=width + 6)
        if place:
            print_text(out, (place, "dim"), indent=width + 6)
