"""The sensitive values that one command has met so far. There are more of them the longer it runs."""

import re
from collections.abc import Iterable
from typing import TypeVar

from envctl.domain.redaction.parts import find_parts
from envctl.domain.redaction.redactor import MARK, NOTHING, Redactor

T = TypeVar("T")
# A name and a password, or a token alone: a name alone, like that of `git@`, is no secret.
_LOGIN = re.compile(r"(?<=://)(?:([^\s/@:\"'<>]*):[^\s/@\"'<>]+|[^\s/@:\"'<>]{20,})@")


class KnownSecrets:
    """May be told and asked from several threads: what is replaced is a whole redactor."""

    def __init__(self) -> None:
        self._parts: frozenset[str] = frozenset()
        self._public: frozenset[str] = frozenset()
        self._redactor = NOTHING

    def learn(self, values: Iterable[object], public: Iterable[str] = ()) -> frozenset[str]:
        """Gives the parts of these values that are redacted from now on. `public` are names that are no secret."""
        names = self._public | {name.lower() for name in public}
        parts = frozenset(part for value in values for part in find_parts(value, names))
        self.learn_parts(parts, names)
        return parts

    def learn_parts(self, parts: Iterable[str], public: Iterable[str] = ()) -> None:
        """As they are, whatever the rule says."""
        self._public |= frozenset(public)
        every = frozenset(part for part in self._parts.union(parts) if part.lower() not in self._public)
        if every != self._parts:
            self._parts, self._redactor = every, Redactor(every)

    def redact(self, text: str) -> str:
        return self._redactor.redact(text)

    def redact_all(self, value: T) -> T:
        """Any result, with all its texts redacted."""
        return self._redactor.redact_all(value)

    def redact_message(self, text: str) -> str:
        """What another program said: passwords in URLs are redacted there, known or not."""
        return redact_logins(self.redact(text))


def redact_logins(text: str) -> str:
    """The text without the passwords and tokens of URLs."""
    if "://" not in text or "@" not in text:
        return text
    return _LOGIN.sub(lambda found: f"{found[1]}:{MARK}@" if found[1] is not None else f"{MARK}@", text)
