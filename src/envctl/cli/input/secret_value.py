"""The value of a secret, as it comes in: from a pipe, or typed twice without being shown. Never from an argument."""

import sys
from typing import TYPE_CHECKING

from envctl.domain.aws.secret_status import KILO, SecretValue
from envctl.domain.errors import Problem, UsageError

if TYPE_CHECKING:
    from envctl.cli.options.global_options import Options

# More than any secret may hold, so that one which is too long is known for it without all of it being read.
MOST = 64 * KILO + 2


def given(options: "Options") -> SecretValue:
    """What stands on standard input where that is no terminal, and else what is typed there."""
    if not sys.stdin.isatty():
        return SecretValue(_bare(sys.stdin.buffer.read(MOST)))
    if options.json:
        message = "there is a value to be typed, and with --json nobody is asked"
        raise UsageError(Problem("E001", message, "give it on standard input"))
    first, again = _typed("Value: "), _typed("The same again: ")
    if first != again:
        raise UsageError(Problem("E447", "the two values differ, and nothing was written", "type it again"))
    return SecretValue(first)


def _bare(data: bytes) -> bytes:
    """`echo` ends its line, which is not meant. What has several lines, like a key, is kept to the byte."""
    return data[:-1] if data.count(b"\n") == 1 and data.endswith(b"\n") else data


def _typed(prompt: str) -> bytes:
    import getpass
    import warnings

    with warnings.catch_warnings():
        # It would go on and show what is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt, sys.stderr).encode("utf-8", "surrogateescape")
        except (getpass.GetPassWarning, EOFError, OSError):
            message = "this terminal can't be asked without showing what is typed"
            raise UsageError(Problem("E447", message, "give it on standard input")) from None
