"""New projects: their parts and next commands."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_item, print_nowrap, print_text
from envctl.cli.render.text.counting import format_count
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.words.new_project import describe_placeholders, list_parts
from envctl.usecases.project.init import InitResult


def show_new_project(begun: InitResult, out: Console) -> None:
    extent = f" from the template {begun.template}: {format_count(len(begun.files), 'file')}"
    if begun.mode == "planned":
        print_text(out, "Would create ", (begun.folder, "bold"), extent)
        for path in begun.files:
            print_nowrap(out, path, indent=2)
        return
    print_text(out, "Made ", (begun.folder, "bold"), extent)
    for part, meaning in list_parts(begun):
        print_item(out, f"  {part:<14} ", (meaning, "dim"), indent=17)
    out.print()
    print_text(out, "Next, without an account:")
    for command in begun.next:
        print_nowrap(out, (add_sandbox_flag(command), "bold"), indent=2)
    if begun.placeholders:
        out.print()
        print_text(out, describe_placeholders(begun))
