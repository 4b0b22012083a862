"""Commands that a person may type next, as they have to be typed."""

import re
from contextvars import ContextVar

_VERB = r"(?=[a-z])(?!needs\b|writes\b)"
_COMMAND = re.compile(rf"\benvctl {_VERB}(?!sandbox\b)")
# A sentence about a command begins with one too.
_ALONE = re.compile(rf"envctl (?:--sandbox )?{_VERB}(?!.* (?:shows|lists) )")
# Set once, before anything is shown: a command that is told in the sandbox must not reach the real accounts when typed.
IN_SANDBOX: ContextVar[bool] = ContextVar("IN_SANDBOX", default=False)


def to_type(hint: str) -> str:
    """The commands in it as they have to be typed here."""
    return _COMMAND.sub("envctl --sandbox ", hint) if IN_SANDBOX.get() else hint


def parted(hint: str) -> tuple[str, str]:
    """The advice, and the command that it ends with or consists of; either may be empty."""
    if _ALONE.match(hint):
        return "", hint
    before, colon, command = hint.rpartition(": ")
    return (f"{before}:", command) if colon and _ALONE.match(command) else (hint, "")
