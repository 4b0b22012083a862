"""Commands that a person may type next, as they have to be typed."""

import re
from contextvars import ContextVar
from functools import cache

# Set once, before anything is shown: a command that is told in the sandbox must not reach the real accounts when typed.
IN_SANDBOX: ContextVar[bool] = ContextVar("IN_SANDBOX", default=False)


@cache
def _verb() -> str:
    """A command that there is: a sentence may begin with `envctl` too."""
    # Late: the application draws with this module.
    from envctl.cli.command_modules import MODULES

    return rf"(?:{'|'.join(MODULES)})(?![\w-])"


@cache
def _command() -> re.Pattern[str]:
    return re.compile(rf"\benvctl (?!sandbox\b)(?={_verb()})")


@cache
def _alone() -> re.Pattern[str]:
    # A sentence about a command begins with one too.
    return re.compile(rf"envctl (?:--sandbox )?(?={_verb()})(?!.* (?:shows|lists) )")


def to_type(hint: str) -> str:
    """The commands in it as they have to be typed here."""
    return _command().sub("envctl --sandbox ", hint) if IN_SANDBOX.get() else hint


def parted(hint: str) -> tuple[str, str]:
    """The advice, and the command that it ends with or consists of; either may be empty."""
    if _alone().match(hint):
        return "", hint
    before, colon, command = hint.rpartition(": ")
    return (f"{before}:", command) if colon and _alone().match(command) else (hint, "")
