"""Two environments compared: releases, artifacts and Kubernetes objects."""

from collections.abc import Iterator

from envctl.cli.render.text.sentences import format_actor, format_count
from envctl.cli.render.text.times import Zone, format_time
from envctl.cli.render.values.value_diff import format_side
from envctl.cli.render.words.plan.plan import describe_code
from envctl.cli.render.words.release_changes import format_commit
from envctl.domain.ledger.state import to_label
from envctl.domain.plan.changes import Action, count_actions
from envctl.domain.release.artifacts import ArtifactPair
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.diff import Diff, Side
from envctl.usecases.release.object_changes import ObjectChanges, StackObjects

OBJECT_WORDS = {Action.CREATE: "added", Action.UPDATE: "changed", Action.DELETE: "removed"}


def summarize_artifacts(diff: Diff) -> str:
    equal = sum(pair.equal for pair in diff.artifacts)
    differ = len(diff.artifacts) - equal
    counts = {f"{differ} {'differs' if differ == 1 else 'differ'}": differ, f"{equal} equal": equal}
    return ", ".join(text for text, number in counts.items() if number)


def list_artifact_values(pair: ArtifactPair, diff: Diff) -> list[tuple[str, str]]:
    """Return values by environment; a single one under `both` if they are equal."""
    one, other = diff.first.environment, diff.second.environment
    if pair.equal:
        return [("both", format_side(pair.first))]
    return [(one, format_side(pair.first)), (other, format_side(pair.second))]


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
    if not side.whole:
        yield "its last deployment did not succeed: it may have resources of two releases"
    if side.pending:
        yield "settings changed since the last deployment; comparing current files"
    if side.origin == "nothing" and not side.problems:
        yield f"its settings are read for {describe_code(None, side.against)}"
