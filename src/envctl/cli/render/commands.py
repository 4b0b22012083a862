"""Commands that a person may type next, as they have to be typed."""

import re
from contextvars import ContextVar

_COMMAND = re.compile(r"\benvctl (?=[a-z])(?!sandbox\b)")
# Set once, before anything is shown: a command that is told in the sandbox must not reach the real accounts when typed.
IN_SANDBOX: ContextVar[bool] = ContextVar("IN_SANDBOX", default=False)


def to_type(hint: str) -> str:
    """The commands in it as they have to be typed here."""
    return _COMMAND.sub("envctl --sandbox ", hint) if IN_SANDBOX.get() else hint
