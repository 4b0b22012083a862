"""The artifacts of two environments: the same code may run on another image."""

from rich.console import Console

from envctl.cli.render.terminal.text import hanging, joined, padded, say, visible, widest
from envctl.cli.render.values.value_diff import side as spelt
from envctl.domain.release.artifact_changes import ArtifactPair
from envctl.usecases.inspect.diff import Diff


def show_artifacts(diff: Diff, out: Console) -> None:
    if not diff.artifacts:
        return
    out.print()
    say(out, joined(("Artifacts: ", "bold"), summary(diff)))
    width = widest((diff.first.environment, diff.second.environment), 32)
    for pair in listed(diff):
        mark = ("= ", "dim") if pair.equal else ("≠ ", "yellow")
        say(out, joined(mark, (pair.variable, "bold")), 2)
        for environment, value in values(pair, diff):
            hanging(out, joined("    ", padded(visible(environment), width), "  ", value), width + 6)


def listed(diff: Diff) -> tuple[ArtifactPair, ...]:
    return tuple(pair for pair in diff.artifacts if diff.everything or not pair.equal)


def summary(diff: Diff) -> str:
    equal = sum(pair.equal for pair in diff.artifacts)
    differ = len(diff.artifacts) - equal
    counts = {f"{differ} {'differs' if differ == 1 else 'differ'}": differ, f"{equal} equal": equal}
    return ", ".join(told for told, number in counts.items() if number)


def values(pair: ArtifactPair, diff: Diff) -> list[tuple[str, str]]:
    """By environment; once where it is the same in both."""
    one, other = diff.first.environment, diff.second.environment
    if pair.equal:
        return [("both", spelt(pair.first))]
    return [(one, spelt(pair.first)), (other, spelt(pair.second))]
