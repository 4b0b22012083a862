"""Two environments compared: releases, code, artifacts and settings."""

from collections.abc import Iterator

from rich.console import Console

from envctl.cli.render.console.inspect.artifacts import show_artifacts
from envctl.cli.render.console.inspect.release_distance import format_commit, show_distance
from envctl.cli.render.console.inspect.settings_diff import show_comparison
from envctl.cli.render.console.plan.plan import show_resource
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import format_actor, measure_width, pad_text, print_item, print_text
from envctl.cli.render.terminal.times import Zone, format_time
from envctl.domain.ledger.state import to_label
from envctl.domain.plan.changes import Action, count_actions
from envctl.domain.plan.summary import FoldedChange
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.diff import Diff, Side
from envctl.usecases.release.object_changes import ObjectChanges, StackObjects

OBJECT_WORDS = {Action.CREATE: "added", Action.UPDATE: "changed", Action.DELETE: "removed"}


def show_diff(diff: Diff, out: Console) -> None:
    width = measure_width((side.environment for side in (diff.first, diff.second)), 32)
    for side in (diff.first, diff.second):
        print_item(out, (pad_text(side.environment, width), "bold"), "  ", describe_side(side), indent=width + 2)
        for remark in list_remarks(side):
            print_text(out, ("! ", "bold yellow"), remark, indent=width + 2)
    if diff.problems:
        out.print()
        show_problems(diff.problems, out, "unknown", "bold red")
    out.print()
    print_text(out, (format_headline(diff), "bold"))
    if diff.distance:
        show_distance(diff.distance, (diff.first, diff.second), out)
    show_artifacts(diff, out)
    out.print()
    show_comparison(diff, out)
    if diff.objects:
        out.print()
        _show_objects(diff.objects, out)


def _show_objects(objects: ObjectChanges, out: Console) -> None:
    print_text(out, (summarize_objects(objects), "bold"))
    for stack in objects.stacks:
        for change in stack.changes:
            show_resource(FoldedChange(change, f"{stack.stack}: {change.address}"), out)
        if stack.problem:
            print_text(out, ("! ", "bold yellow"), describe_object_problem(stack), indent=2)


def summarize_objects(objects: ObjectChanges) -> str:
    """Return the counts of objects that differ, with the direction in which the changes are shown."""
    changes = [change for stack in objects.stacks for change in stack.changes]
    counts = count_actions(changes)
    parts = [f"{number} {OBJECT_WORDS[action]}" for action, number in counts.items()]
    if parts:
        return f"Kubernetes objects, from {objects.before} to {objects.after}: {', '.join(parts)}"
    known = any(not stack.problem for stack in objects.stacks)
    return f"Kubernetes objects: {'no differences' if known else 'not compared'}"


def describe_object_problem(stack: StackObjects) -> str:
    return f"the objects of {stack.stack} can't be compared: {stack.problem}"


def format_headline(diff: Diff) -> str:
    """Return the distance of the releases in a sentence."""
    first, second = diff.first, diff.second
    if diff.distance:
        if behind := diff.distance.behind:
            return f"{diff.distance.older} is {format_count(behind, 'release')} behind {diff.distance.newer}."
        return f"{diff.distance.newer} is ahead of {diff.distance.older} by changes not in a release yet."
    if first.release and first.release == second.release:
        both = "Both run" if first.origin == second.origin == "deployed" else "Both have"
        return f"{both} the same release."
    if empty := [side.environment for side in (first, second) if side.origin == "nothing"]:
        return f"No releases to compare: {' and '.join(empty)} has no deployments."
    return "The distance between the releases is unknown."


def describe_side(side: Side, zone: Zone = None) -> str:
    empty = "has no deployments" if side.whole else "has no complete deployment"
    if side.deployment:
        at = format_time(side.deployment.ended_at or side.deployment.started_at, zone)
        commit = f", {format_commit(side.known)}" if side.known else ""
        label = format_label_or_id(to_label(side.known) if side.known else None, side.release)
        return f"runs release {label}{commit}, since {at}, by {format_actor(side.deployment.by)}"
    if side.origin == "working tree":
        name = f", as release {shorten_id(side.release)}" if side.release else ""
        return f"{empty}: comparing the working tree{name}"
    return empty


def list_remarks(side: Side) -> Iterator[str]:
    """Yield caveats about one side."""
    if not side.whole:
        yield "its last deployment did not succeed: it may have resources of two releases"
    if side.pending:
        yield "settings changed since the last deployment; comparing current files"
    if side.origin == "nothing" and not side.problems:
        what = f"release {shorten_id(side.against)}" if side.against else "the working tree"
        yield f"its settings are read for {what}"
