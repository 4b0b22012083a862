"""Runs the command that the action was given, in its words, without a shell that would read more into them."""

import os
import shlex
import sys

USAGE = 64


def main() -> None:
    del os.environ["ENVCTL_ACTION_PYTHON"]
    try:
        words = shlex.split(os.environ.pop("ENVCTL_ACTION_COMMAND"))
    except ValueError as error:
        fail(f"the command can't be divided into words: {str(error).lower()}")
    if not words:
        fail("there is no command: name one, such as validate")
    sys.argv = ["envctl", *words]
    from envctl.__main__ import main as envctl

    envctl()


def fail(message: str) -> None:
    sys.stdout.write(f"::error title=envctl::{message}\n")
    sys.exit(USAGE)


main()
