"""A new project: what is in it, and what to type next."""

from collections.abc import Iterator
from itertools import groupby

from rich.console import Console

from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.next_commands import to_type
from envctl.cli.render.terminal.text import hanging, joined, plain, say, whole
from envctl.usecases.project.init import Begun

PARTS = {
    "envctl.toml": "the pipeline, its rules, and the stacks",
    "environments": "the settings of each environment",
    "modules": "ordinary Terraform modules",
    "app": "the application, and how its image is made",
    "kubernetes": "what runs in the cluster, and how it gets there",
}


def show_begun(begun: Begun, out: Console) -> None:
    extent = f" from the template {begun.template}: {counted(len(begun.files), 'file')}"
    if begun.mode == "planned":
        say(out, joined("Would make ", (begun.folder, "bold"), extent))
        for path in begun.files:
            whole(out, path, 2)
        return
    say(out, joined("Made ", (begun.folder, "bold"), extent))
    for part, told in parts(begun):
        hanging(out, joined(f"  {part:<14} ", (told, "dim")), 17)
    out.print()
    say(out, plain("Next, without any account:"))
    for command in begun.next:
        whole(out, plain(to_type(command), "bold"), 2)
    if begun.placeholders:
        out.print()
        say(out, to_fill_in(begun))


def parts(begun: Begun) -> Iterator[tuple[str, str]]:
    """What lies in its folder, with what that is for; the rest speaks for itself."""
    for top, paths in groupby(begun.files, key=lambda path: path.partition("/")[0]):
        if top == "modules":
            names = dict.fromkeys(path.split("/")[1] for path in paths)
            yield "modules/", f"{PARTS[top]}: {', '.join(names)}"
        elif top in PARTS:
            yield (top if top.endswith(".toml") else f"{top}/"), PARTS[top]


def to_fill_in(begun: Begun) -> str:
    """What is missing before it can go to AWS."""
    ids, are = ("id", "is a placeholder") if len(begun.placeholders) == 1 else ("ids", "are placeholders")
    return f"Before it goes to AWS: the account {ids} of {', '.join(begun.placeholders)} {are}; README.md says where."
