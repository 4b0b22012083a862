"""Root modules written by `envctl eject`."""

import shlex

from rich.console import Console

from envctl.cli.render.terminal.text import print_nowrap, print_text
from envctl.cli.render.text.counting import format_count
from envctl.cli.render.words.plan import describe_code
from envctl.domain.text.lists import join_names
from envctl.usecases.inspect.eject import EjectedProject


def show_ejected(ejected: EjectedProject, out: Console) -> None:
    count = sum(len(each.stacks) for each in ejected.environments)
    extent = f": {format_count(count, 'root module')}, {format_count(len(ejected.files), 'file')}"
    print_text(out, "Would write " if ejected.mode == "planned" else "Wrote ", (ejected.folder, "bold"), extent)
    if ejected.mode == "planned":
        for path in ejected.files:
            print_nowrap(out, path, indent=2)
        return
    for each in ejected.environments:
        code = describe_code(None, each.release)
        names = join_names([stack.name for stack in each.stacks])
        print_text(out, (each.name, "bold"), f" ({code}): {names}", indent=2)
    if ejected.empty:
        print_text(out, f"Left out: no release runs in {join_names(ejected.empty)}.")
    out.print()
    print_text(out, "The states stay where they are. The commands of each stack are in its README.md. For example:")
    first = ejected.environments[0].stacks[0]
    print_nowrap(out, (f"cd {shlex.quote(f'{ejected.folder}/{first.folder}')}", "bold"), indent=2)
    print_nowrap(out, ("terraform init && terraform plan", "bold"), indent=2)
