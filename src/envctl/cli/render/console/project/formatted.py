"""Files that were formatted, or would be."""

from rich.console import Console

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import plain, say, whole
from envctl.usecases.project.fmt import Formatted


def show_formatted(told: Formatted, out: Console) -> None:
    say(out, plain(conclusion(told), "" if told.files else "green"))
    # Where that is an error, each is told with its line.
    for each in () if told.check else told.files:
        whole(out, f"  {each.path}")


def conclusion(told: Formatted) -> str:
    if not told.looked_at:
        return "There is nothing to format."
    if not told.files:
        return f"Nothing to do: {counted(told.looked_at, 'file')}, formatted as Terraform does it."
    extent = f"{len(told.files)} of {counted(told.looked_at, 'file')}"
    if told.check:
        return f"{extent} {'is' if len(told.files) == 1 else 'are'} not formatted."
    return f"Would format {extent}:" if told.dry_run else f"Formatted {extent}:"
