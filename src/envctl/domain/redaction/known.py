"""The sensitive values met by a command so far; they grow as it runs."""

import re
from collections.abc import Iterable

from envctl.domain.redaction.parts import find_parts
from envctl.domain.redaction.redactor import NULL_REDACTOR, SENSITIVE_MARK, Redactor

# A name with a password, or a token alone. A name alone, like `git@`, is no secret.
_LOGIN = re.compile(r"(?<=://)(?:([^\s/@:\"'<>]*):[^\s/@\"'<>]+|[^\s/@:\"'<>]{20,})@")


class KnownSecrets:
    """Sensitive values learned during a command. Thread-safe: an update replaces the whole `redactor`."""

    def __init__(self) -> None:
        self._parts: frozenset[str] = frozenset()
        self._public: frozenset[str] = frozenset()
        self.redactor = NULL_REDACTOR

    def add_secrets(self, values: Iterable[object], public: Iterable[str] = ()) -> frozenset[str]:
        """Redact these values from now on, and return their searched parts. `public` are names without secrecy."""
        names = self._public | {name.lower() for name in public}
        parts = frozenset(part for value in values for part in find_parts(value, names))
        self.learn_parts(parts, names)
        return parts

    def learn_parts(self, parts: Iterable[str], public: Iterable[str] = ()) -> None:
        """Redact exactly these parts from now on, without the filter of `find_parts`."""
        self._public |= frozenset(public)
        every = frozenset(part for part in self._parts.union(parts) if part.lower() not in self._public)
        redactor = Redactor(every, self._public)
        if redactor != self.redactor:
            self._parts, self.redactor = every, redactor

    def redact_message(self, text: str) -> str:
        """Redact the output of another program, including unknown passwords in URLs."""
        return redact_logins(self.redactor.redact(text))


def redact_logins(text: str) -> str:
    """Redact passwords and tokens in URLs."""
    if "://" not in text or "@" not in text:
        return text
    return _LOGIN.sub(
        lambda found: f"{found[1]}:{SENSITIVE_MARK}@" if found[1] is not None else f"{SENSITIVE_MARK}@", text
    )
