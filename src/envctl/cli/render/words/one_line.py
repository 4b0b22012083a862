"""Results of one line, rendered without importing rich."""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from envctl.usecases.fleet.matrix import Matrix
    from envctl.usecases.inspect.outputs import OneOutput
    from envctl.usecases.inspect.settings import ValidationResult
from envctl.cli.render.text.counting import format_count


def render_one_line(result: object) -> str | None:
    """Return the whole text of a result, or None if it needs more than a line."""
    # By name: importing every result type would take longer than printing the line.
    match type(result).__name__:
        case "ValidationResult" if not (
            cast("ValidationResult", result).unread or cast("ValidationResult", result).remarks
        ):
            return format_validation(cast("ValidationResult", result))
        case "Matrix":
            from envctl.cli.render.words.matrix import format_matrix

            return format_matrix(cast("Matrix", result))
        case "OneOutput":
            from envctl.domain.terraform.outputs import format_raw_output

            # The exact value, without escapes. A final newline is dropped: printing adds one.
            return format_raw_output(cast("OneOutput", result).value).removesuffix("\n")
        case _:
            return None


def format_validation(result: "ValidationResult") -> str:
    environments = f"{format_count(len(result.environments), 'environment')} ({', '.join(result.environments)})"
    stacks = f"{format_count(len(result.stacks), 'stack')} ({', '.join(result.stacks)})"
    return f"Valid: {environments}, {stacks}, {format_count(result.settings, 'setting')}."
