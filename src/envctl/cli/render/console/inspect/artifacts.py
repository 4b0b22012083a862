"""Artifacts of two environments compared."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_item, print_text
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.words.diff import list_artifact_values, summarize_artifacts
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
