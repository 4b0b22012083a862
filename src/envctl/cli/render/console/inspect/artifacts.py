"""Artifacts of two environments compared."""

from rich.console import Console

from envctl.cli.render.terminal.text import measure_width, pad_text, print_item, print_text
from envctl.cli.render.values.value_diff import format_side
from envctl.domain.release.artifacts import ArtifactPair
from envctl.usecases.inspect.diff import Diff


def show_artifacts(diff: Diff, out: Console) -> None:
    if not diff.artifacts:
        return
    out.print()
    print_text(out, ("Artifacts: ", "bold"), summarize_artifacts(diff))
    width = measure_width((diff.first.environment, diff.second.environment), 32)
    for pair in diff.artifacts:
        if pair.equal and not diff.everything:
            continue
        mark = ("= ", "dim") if pair.equal else ("≠ ", "yellow")
        print_text(out, mark, (pair.variable, "bold"), indent=2)
        for environment, value in list_artifact_values(pair, diff):
            print_item(out, "    ", pad_text(environment, width), "  ", value, indent=width + 6)


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
