"""Errors of reading a saved plan, as a problem with a hint."""

import contextlib
from collections.abc import Iterator

from envctl.domain.errors import OperationFailedError, Problem


@contextlib.contextmanager
def convert_read_errors(stack: str, output: str = "") -> Iterator[None]:
    """Convert errors of parsing a plan: an unreadable plan must not pass for one without changes."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"the plan of {stack} can't be read: {output.strip() or error}"
        hint = "run it again; if it fails again, this Terraform is too new for this envctl"
        raise OperationFailedError(Problem("E304", message, hint, stack=stack)) from error
