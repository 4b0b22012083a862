"""The last door: nothing sensitive goes to a screen, into a file or to a forge, whoever wrote the text.

What is foreign is redacted where it comes in, and results before they are drawn. This is for what both forgot.
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
SHORTEST_CREDENTIAL = 16
"""Characters. What tests and emulators have for one, like `testing`, is a word that stands everywhere."""

_CREDENTIAL = re.compile(
    r"(?:^|_)(?:TOKEN|JWT|SECRET|PASSWORD|PASSWD|SECRET_(?:ACCESS_)?KEY|PRIVATE_KEY|API_?KEY)$|^TF_TOKEN_"
)
_PROXY = re.compile(r"_proxy$", re.IGNORECASE)
_LOGIN = re.compile(r"://[^/@\s:]*:([^@\s/]+)@")


class Redaction:
    """Of one command. `environment` is the process environment, whose credentials are redacted too. Nothing is loaded
    as long as nothing is known.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._credentials = frozenset(_credentials(environment))
        self._met = False

    @cached_property
    def known(self) -> "KnownSecrets":
        from envctl.domain.redaction import KnownSecrets

        known = KnownSecrets()
        known.learn_parts(self._credentials)
        self._met = True
        return known

    def learn(self, values: Collection[object], public: Iterable[str] = ()) -> frozenset[str]:
        return self.known.learn(values, public) if values else frozenset()

    def redact(self, text: str) -> str:
        return self.known.redact(text) if self._met or self._credentials else text

    def redact_message(self, text: str) -> str:
        """What another program said: passwords in URLs are redacted there, known or not."""
        return self.known.redact_message(text) if "://" in text else self.redact(text)

    def redact_all(self, value: T) -> T:
        return self.known.redact_all(value) if self._met or self._credentials else value

    def redact_error(self, error: "EnvctlError | None") -> None:
        """In place: it is the very error that others hold."""
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
        """A document that is one still: where a mark would stand amid an escape, or in place of a number, each text
        and each number of it is redacted by itself.
        """
        redacted = self.redact(text)
        if redacted is text:
            return text
        import json

        try:
            json.loads(redacted)
        except ValueError:
            indent = 2 if "\n" in text else None
            return json.dumps(self._within(json.loads(text)), ensure_ascii=text.isascii(), indent=indent)
        return redacted

    def _within(self, document: object) -> object:
        """Names too, which may be keys of a foreign map."""
        if isinstance(document, dict):
            return {self.redact(key): self._within(item) for key, item in document.items()}
        if isinstance(document, list):
            return [self._within(item) for item in document]
        return self.redact_all(document)


class RedactingStream:
    """Stands before a stream, and is as it in everything else."""

    def __init__(self, stream: Any, redaction: Redaction) -> None:  # noqa: ANN401 (whatever stands for stdout)
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


def _credentials(environment: Mapping[str, str]) -> Iterator[str]:
    for name, value in environment.items():
        if _CREDENTIAL.search(name) and len(value) >= SHORTEST_CREDENTIAL:
            yield value.strip()
        elif _PROXY.search(name) and (login := _LOGIN.search(value)):
            yield login[1]


_current = Redaction({})


def current() -> Redaction:
    """That of the command that runs: threads ask for it too, which know no context of their own."""
    return _current


def is_asked_for(result: object) -> bool:
    """One output by its name, for a script: it was refused already where it must not be shown."""
    return type(result).__name__ == "OneOutput"


def unredacted(stream: Any) -> Any:  # noqa: ANN401
    """For what is asked for by name, what was redacted already, and what tells a log which texts to mask."""
    return getattr(stream, "unredacted", stream)


@contextmanager
def redacting() -> Iterator[Redaction]:
    """While it lasts all that is written to stdout and stderr is redacted."""
    global _current  # noqa: PLW0603 (there is one command in a process)
    before = _current, sys.stdout, sys.stderr
    _current = Redaction(os.environ)
    sys.stdout, sys.stderr = (RedactingStream(stream, _current) for stream in before[1:])
    try:
        yield _current
    finally:
        _current, sys.stdout, sys.stderr = before
