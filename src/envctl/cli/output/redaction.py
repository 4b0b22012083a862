"""The last line of redaction, before screens, files and forges.

Foreign text is redacted on input, and results before rendering. This layer catches the rest.
"""

import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.domain.redaction import KnownSecrets

T = TypeVar("T")
MIN_CREDENTIAL_LENGTH = 16
"""In characters. Test credentials like `testing` are ordinary words: redacting them would damage texts."""

_CREDENTIAL = re.compile(
    r"(?:^|_)(?:TOKEN|JWT|SECRET|PASSWORD|PASSWD|SECRET_(?:ACCESS_)?KEY|PRIVATE_KEY|API_?KEY)$|^TF_TOKEN_"
)
_PROXY = re.compile(r"_proxy$", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/@\s:]*:([^@\s/]+)@")


class Redaction:
    """Redacts the secrets of a command, and credentials in its `environment`. Imports its search with the first."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._credentials = frozenset(_find_credentials(environment))
        self._has_learned = False

    @cached_property
    def known_secrets(self) -> "KnownSecrets":
        from envctl.domain.redaction import KnownSecrets

        known = KnownSecrets()
        known.learn_parts(self._credentials)
        self._has_learned = True
        return known

    def add_secrets(self, values: Collection[object], public: Iterable[str] = ()) -> frozenset[str]:
        return self.known_secrets.add_secrets(values, public) if values else frozenset()

    def redact(self, text: str) -> str:
        return self.known_secrets.redactor.redact(text) if self._has_learned or self._credentials else text

    def redact_message(self, text: str) -> str:
        """Redact the output of another program: also unknown passwords in URLs."""
        return self.known_secrets.redact_message(text) if "://" in text else self.redact(text)

    def redact_all(self, value: T) -> T:
        return self.known_secrets.redactor.redact_all(value) if self._has_learned or self._credentials else value

    def redact_error(self, error: "EnvctlError | None") -> None:
        """Redact the error in place: callers hold the same object."""
        if error is None:
            return
        from dataclasses import replace

        error.problems = tuple(
            replace(self.redact_all(each), message=self.redact_message(each.message)) for each in error.problems
        )
        for name in ("refusals", "stacks"):
            if name in vars(error):
                setattr(error, name, self.redact_all(getattr(error, name)))

    def redact_json(self, text: str) -> str:
        """Redact a JSON text and keep it valid: if a replacement breaks it, redact each value by itself."""
        redacted = self.redact(text)
        if redacted is text:
            return text
        import json

        try:
            json.loads(redacted)
        except ValueError:
            indent = 2 if "\n" in text else None
            return json.dumps(self._redact_document(json.loads(text)), ensure_ascii=text.isascii(), indent=indent)
        return redacted

    def _redact_document(self, document: object) -> object:
        """Redact all values and keys: keys may come from foreign maps."""
        if isinstance(document, dict):
            return {self.redact(key): self._redact_document(item) for key, item in document.items()}
        if isinstance(document, list):
            return [self._redact_document(item) for item in document]
        return self.redact_all(document)


class RedactingStream:
    """Proxy of a text stream with redacted writes."""

    def __init__(self, stream: Any, redaction: Redaction) -> None:  # noqa: ANN401 (any replacement of stdout)
        self.unredacted = stream
        self._redaction = redaction

    def write(self, text: str) -> int:
        self.unredacted.write(self._redaction.redact(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self.unredacted, name)


def _find_credentials(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if _CREDENTIAL.search(name) and len(value) >= MIN_CREDENTIAL_LENGTH:
            yield value.strip()
        elif _PROXY.search(name) and (login := _LOGIN.search(value)):
            yield login[1]


_current = Redaction({})


def current_redaction() -> Redaction:
    """Return the redaction of the running command. A global, no ContextVar: threads need it too."""
    return _current


def is_single_output(result: object) -> bool:
    """Check for the result of `envctl output ENV NAME`: its sensitive values were refused earlier."""
    return type(result).__name__ == "OneOutput"


def unwrap_stream(stream: Any) -> Any:  # noqa: ANN401
    """Return the stream without redaction: for single outputs, redacted texts, and mask commands of CI logs."""
    return getattr(stream, "unredacted", stream)


@contextmanager
def redact_output() -> Iterator[Redaction]:
    """Redact all writes to stdout and stderr within the context."""
    global _current  # noqa: PLW0603 (there is one command in a process)
    before = _current, sys.stdout, sys.stderr
    _current = Redaction(os.environ)
    sys.stdout, sys.stderr = (RedactingStream(stream, _current) for stream in before[1:])
    try:
        yield _current
    finally:
        _current, sys.stdout, sys.stderr = before
