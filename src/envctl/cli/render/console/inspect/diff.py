"""Two environments compared: releases, code, artifacts and settings."""

from rich.console import Console

from envctl.cli.render.console.inspect.release_distance import show_distance
from envctl.cli.render.console.inspect.settings_diff import show_comparison
from envctl.cli.render.terminal.plan import show_resource
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import print_item, print_text
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.words import diff as words
from envctl.domain.plan.summary import FoldedChange
from envctl.usecases.inspect.diff import Diff
from envctl.usecases.release.object_changes import ObjectChanges


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
    show_comparison(diff, out)
    if diff.objects:
        out.print()
        _show_objects(diff.objects, out)


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


def _show_objects(objects: ObjectChanges, out: Console) -> None:
    print_text(out, (words.summarize_objects(objects), "bold"))
    for stack in objects.stacks:
        for change in stack.changes:
            show_resource(FoldedChange(change, f"{stack.stack}: {change.address}"), out)
        if stack.problem:
            print_text(out, ("! ", "bold yellow"), words.describe_object_problem(stack), indent=2)
