"""Suggested next commands, with `--sandbox` added inside the sandbox."""

import re
from contextvars import ContextVar
from functools import cache

# Set once, before any output: a command suggested inside the sandbox must not reach the real accounts.
IN_SANDBOX: ContextVar[bool] = ContextVar("IN_SANDBOX", default=False)


@cache
def _build_verb_pattern() -> str:
    """Return a pattern of existing commands: a sentence may begin with `envctl` too."""
    # Imported late: the application imports this module.
    from envctl.cli.command_modules import COMMAND_MODULES

    return rf"(?:{'|'.join(COMMAND_MODULES)})(?![\w-])"


@cache
def _compile_command_pattern() -> re.Pattern[str]:
    return re.compile(rf"\benvctl (?!sandbox\b)(?={_build_verb_pattern()})")


@cache
def _compile_bare_command_pattern() -> re.Pattern[str]:
    # A sentence about a command also begins with one.
    return re.compile(rf"envctl (?:--sandbox )?(?={_build_verb_pattern()})(?!.* (?:shows|lists) )")


def add_sandbox_flag(hint: str) -> str:
    """Return the hint with `--sandbox` in each of its commands, if the sandbox is in use."""
    return _compile_command_pattern().sub("envctl --sandbox ", hint) if IN_SANDBOX.get() else hint


def split_command(hint: str) -> tuple[str, str]:
    """Split a hint into advice and its final command; either may be empty."""
    if _compile_bare_command_pattern().match(hint):
        return "", hint
    before, colon, command = hint.rpartition(": ")
    return (f"{before}:", command) if colon and _compile_bare_command_pattern().match(command) else (hint, "")
