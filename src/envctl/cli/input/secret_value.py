"""The input of a secret value: from a pipe, or typed twice without echo. Never from an argument."""

import sys
from typing import TYPE_CHECKING

from envctl.domain.aws.secret_status import KIB, SecretValue
from envctl.domain.errors import Problem, UsageError

if TYPE_CHECKING:
    from envctl.cli.options.global_options import Options

# One byte and a line end above the limit of any secret: enough to recognize too long input.
MAX_INPUT_BYTES = 64 * KIB + 2


def read_secret_value(options: "Options") -> SecretValue:
    """Read a value from standard input; prompt for it on a terminal. Raises UsageError."""
    if not sys.stdin.isatty():
        data = sys.stdin.buffer.read(MAX_INPUT_BYTES)
        # Remove the line end of a single line, as `echo` adds it. Keep values of several lines (keys) unchanged.
        return SecretValue(data[:-1] if data.count(b"\n") == 1 and data.endswith(b"\n") else data)
    if options.json:
        message = "the value is missing, and --json asks no questions"
        raise UsageError(Problem("E001", message, "send it on standard input"))
    first, again = _prompt_hidden("Value: "), _prompt_hidden("Repeat it: ")
    if first != again:
        raise UsageError(Problem("E447", "the two values differ; the secret was not written", "enter it again"))
    return SecretValue(first)


def _prompt_hidden(prompt: str) -> bytes:
    import getpass
    import warnings

    with warnings.catch_warnings():
        # Otherwise getpass would continue and echo the input.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt, sys.stderr).encode("utf-8", "surrogateescape")
        except KeyboardInterrupt:
            # What follows must not stand behind the question.
            sys.stderr.write("\n")
            raise
        except (getpass.GetPassWarning, EOFError, OSError):
            message = "this terminal can't hide typed values"
            raise UsageError(Problem("E447", message, "send it on standard input")) from None
