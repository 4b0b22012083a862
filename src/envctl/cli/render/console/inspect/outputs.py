"""The outputs of an environment, stack by stack. Values are never cut: they are there to be copied."""

from rich.console import Console

from envctl.cli.render.console import one_line
from envctl.cli.render.terminal.text import hanging, joined, padded, plain, say, visible, whole, widest
from envctl.cli.render.values.hcl_text import spelt
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.outputs import EnvironmentOutputs, OneOutput, StackOutputs

WIDEST_NAME = 32
ENDINGS = {"unfinished": "is unfinished", "failed": "failed"}


def show_outputs(outputs: EnvironmentOutputs, out: Console) -> None:
    say(out, joined("Outputs of ", (outputs.environment, "bold"), f" (release {short(outputs.release)})"))
    if outputs.unsettled:
        ended = ENDINGS.get(outputs.unsettled, f"was {outputs.unsettled}")
        hanging(
            out, joined(("! ", "bold yellow"), f"the last deployment {ended}: they may be of more than one release")
        )
    for stack in outputs.stacks:
        _stack(stack, out)
    if outputs.left_out:
        out.print()
        say(out, plain(f"Not shown: {', '.join(outputs.left_out)} (not in that release)", "dim"))


def show_one(output: OneOutput, out: Console) -> None:
    whole(out, one_line.one_output(output))


def _stack(stack: StackOutputs, out: Console) -> None:
    out.print()
    say(out, plain(stack.stack, "bold"))
    if not stack.outputs:
        say(out, plain("none", "dim"), 2)
    width = widest(stack.outputs, WIDEST_NAME)
    for name, value in sorted(stack.outputs.items()):
        whole(out, joined(f"{padded(visible(name), width)} = ", spelt(value)), 2)
