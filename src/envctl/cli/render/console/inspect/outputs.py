"""Outputs of an environment by stack. Values are never cut, for copying."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_item, print_nowrap, print_text
from envctl.cli.render.text.widths import measure_width, pad_text
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.inspect.outputs import EnvironmentOutputs

MAX_NAME_WIDTH = 32
ENDINGS = {"unfinished": "is unfinished", "failed": "failed"}


def show_outputs(outputs: EnvironmentOutputs, out: Console) -> None:
    print_text(out, "Outputs of ", (outputs.environment, "bold"), f" (release {shorten_id(outputs.release)})")
    if outputs.unsettled:
        ended = ENDINGS.get(outputs.unsettled, f"was {outputs.unsettled}")
        print_item(
            out, ("! ", "bold yellow"), f"the last deployment {ended}: outputs may come from more than one release"
        )
    for stack in outputs.stacks:
        out.print()
        print_text(out, (stack.stack, "bold"))
        if not stack.outputs:
            print_text(out, ("none", "dim"), indent=2)
        width = measure_width(stack.outputs, MAX_NAME_WIDTH)
        for name, value in sorted(stack.outputs.items()):
            print_nowrap(out, f"{pad_text(name, width)} = ", format_hcl(value), indent=2)
    if outputs.left_out:
        out.print()
        print_text(out, (f"Not shown: {', '.join(outputs.left_out)} (not in that release)", "dim"))
