"""What can be said in one line: it is said without loading what draws tables and colours."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from envctl.usecases.fleet.matrix import Matrix
    from envctl.usecases.inspect.outputs import OneOutput
    from envctl.usecases.inspect.settings import Valid
from envctl.cli.render.terminal.counting import counted


def line(result: object) -> str | None:
    """The whole of what is told, or None where a person has to see more than a line."""
    # By name: importing every kind of result would cost more than saying it does.
    match type(result).__name__:
        case "Valid" if not (cast("Valid", result).unread or cast("Valid", result).remarks):
            return valid(cast("Valid", result))
        case "Matrix":
            from envctl.cli.render.console.fleet.matrix import matrix_text

            return matrix_text(cast("Matrix", result))
        case "OneOutput":
            return one_output(cast("OneOutput", result))
        case _:
            return None


def one_output(result: "OneOutput") -> str:
    """The bare value, to the byte: nothing in it is made visible. A text that ends its line gets no second end."""
    from envctl.domain.terraform.outputs import bare

    return bare(result.value).removesuffix("\n")


def valid(result: "Valid") -> str:
    environments = f"{counted(len(result.environments), 'environment')} ({', '.join(result.environments)})"
    stacks = f"{counted(len(result.stacks), 'stack')} ({', '.join(result.stacks)})"
    return f"Valid: {environments}, {stacks}, {counted(result.settings, 'setting')}."
