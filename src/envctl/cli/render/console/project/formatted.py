"""Results of `envctl fmt`."""

from rich.console import Console

from envctl.cli.project_folder import to_typed_path
from envctl.cli.render.terminal.text import print_nowrap, print_text
from envctl.cli.render.text.counting import format_count
from envctl.usecases.project.fmt import FormatResult


def show_formatted(result: FormatResult, out: Console) -> None:
    print_text(out, (format_conclusion(result), "" if result.files else "green"))
    # With --check, each file is reported as a problem with its line.
    for each in () if result.check else result.files:
        print_nowrap(out, f"  {to_typed_path(each.path)}")


def format_conclusion(result: FormatResult) -> str:
    if not result.looked_at:
        return "No files to format."
    if not result.files:
        return f"Nothing to do: {format_count(result.looked_at, 'file')} already formatted."
    extent = f"{len(result.files)} of {format_count(result.looked_at, 'file')}"
    if result.check:
        return f"{extent} {'is' if len(result.files) == 1 else 'are'} not formatted."
    return f"Would format {extent}:" if result.dry_run else f"Formatted {extent}:"
