"""Results of one line, rendered without importing rich."""

from importlib import import_module
from typing import TYPE_CHECKING

from envctl.cli.command_table import find_result_type
from envctl.cli.render.text.sentences import format_count

if TYPE_CHECKING:
    from envctl.cli.results import Version
    from envctl.usecases.inspect.outputs import OneOutput
    from envctl.usecases.inspect.settings import ValidationResult


def render_one_line(result: object) -> str | None:
    """Return the whole text of a result, or None if it needs more than a line."""
    row = find_result_type(result)
    if row is None or not row.line:
        return None
    module, _, function = row.line.rpartition(".")
    text: str | None = getattr(import_module(f"envctl.cli.render.words.{module}"), function)(result)
    return text


def format_version(version: "Version") -> str:
    return f"envctl {version.version}"


def format_one_output(output: "OneOutput") -> str:
    from envctl.domain.terraform.outputs import format_raw_output

    # The exact value, without escapes. A final newline is dropped: printing adds one.
    return format_raw_output(output.value).removesuffix("\n")


def format_valid_project(result: "ValidationResult") -> str | None:
    return None if result.unread or result.remarks else format_validation(result)


def format_validation(result: "ValidationResult") -> str:
    environments = f"{format_count(len(result.environments), 'environment')} ({', '.join(result.environments)})"
    stacks = f"{format_count(len(result.stacks), 'stack')} ({', '.join(result.stacks)})"
    return f"Valid: {environments}, {stacks}, {format_count(result.settings, 'setting')}."
