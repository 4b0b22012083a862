"""Suggested next commands, with `--sandbox` added inside the sandbox."""

import re
from contextvars import ContextVar
from functools import cache

# Set once, before any output: a command suggested inside the sandbox must not reach the real accounts.
IN_SANDBOX: ContextVar[bool] = ContextVar("IN_SANDBOX", default=False)


@cache
def _compile_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of a command within a text, and of a text that is a command."""
    # Imported late: the application imports this module.
    from envctl.cli.command_table import COMMANDS

    # Only names of commands: a sentence may begin with `envctl` too.
    verb = rf"(?:{'|'.join(COMMANDS)})(?![\w-])"
    # A sentence about a command also begins with one.
    whole = re.compile(rf"envctl (?:--sandbox )?(?={verb})(?!.* (?:shows|lists) )")
    return re.compile(rf"\benvctl (?!sandbox\b)(?={verb})"), whole


def add_sandbox_flag(hint: str) -> str:
    """Return the hint with `--sandbox` in each of its commands, if the sandbox is in use."""
    return _compile_patterns()[0].sub("envctl --sandbox ", hint) if IN_SANDBOX.get() else hint


def split_command(hint: str) -> tuple[str, str]:
    """Split a hint into advice and its final command; either may be empty."""
    _, whole = _compile_patterns()
    if whole.match(hint):
        return "", hint
    before, colon, command = hint.rpartition(": ")
    return (f"{before}:", command) if colon and whole.match(command) else (hint, "")
