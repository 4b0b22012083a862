"""New projects: their parts and next commands."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import Console

from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.next_commands import add_sandbox_flag
from envctl.cli.render.terminal.text import print_item, print_nowrap, print_text
from envctl.usecases.project.init import InitResult

PART_MEANINGS = {
    "envctl.toml": "the pipeline, its rules, and the stacks",
    "environments": "the settings of each environment",
    "modules": "ordinary Terraform modules",
    "app": "the application and its image",
    "kubernetes": "the objects in the cluster: the application, and who may do what",
    "charts": "charts of controllers, which you choose",
}


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


def list_parts(begun: InitResult) -> Iterator[tuple[str, str]]:
    """Yield the main files and folders with their meaning."""
    for top, paths in groupby(begun.files, key=lambda path: path.partition("/")[0]):
        if top == "modules":
            names = dict.fromkeys(path.split("/")[1] for path in paths)
            yield "modules/", f"{PART_MEANINGS[top]}: {', '.join(names)}"
        elif top in PART_MEANINGS:
            yield (top if top.endswith(".toml") else f"{top}/"), PART_MEANINGS[top]


def describe_placeholders(begun: InitResult) -> str:
    """Name the placeholders to replace before using AWS."""
    ids, are = ("id", "is a placeholder") if len(begun.placeholders) == 1 else ("ids", "are placeholders")
    return f"Before a deployment to AWS: the account {ids} of {', '.join(begun.placeholders)} {are}; see README.md."
