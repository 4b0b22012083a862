"""Refusals of a server-side apply: what a replacement answers, and what the server says in short."""

import re
from collections.abc import Sequence

from envctl.domain.kubernetes.fields.paths import format_server_path

_IMMUTABLE = re.compile(
    r"immutable|may not change|cannot change|can't be changed|cannot be changed|not be changed|may not be updated"
    r"|updates? to .*(is|are) forbidden|updates? .*may not change|are forbidden for update",
    re.IGNORECASE | re.DOTALL,
)
_UNREADABLE = ("failed to create typed patch object", "failed to convert new object")
_OBJECT = re.compile(r"^failed to (?:create typed patch object|convert new object) \([^)]*\)(?: to proper version)?: ")
_DUMP = re.compile(r"Invalid value: [\w.*\[\]]*(?=\{)")
_BRACE = re.compile(r'"(?:[^"\\]|\\.)*"|[{}]')
MAX_LENGTH = 400


def is_immutable_refusal(message: str, causes: Sequence[tuple[str, str]]) -> bool:
    """Check that the server refuses the change of fields that never change, and nothing else."""
    messages = [text for _, text in causes] or [message]
    return all(_IMMUTABLE.search(text) for text in messages)


def list_immutable_fields(causes: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the paths in the words of the server, for people."""
    return tuple(dict.fromkeys(format_server_path(field) for field, _ in causes if field))


def is_unreadable_object(message: str) -> bool:
    """Check if the server could not read an object to apply: it says so with a 500, and will say it again."""
    return message.startswith(_UNREADABLE)


def shorten_refusal(message: str) -> str:
    """Return the words of a server on one line, without its dumps of internal objects."""
    plain = _drop_dumps(message).partition("\n@@")[0]
    plain = _OBJECT.sub("", " ".join(plain.split()))
    return plain if len(plain) <= MAX_LENGTH else f"{plain[:MAX_LENGTH]}…"


def _drop_dumps(text: str) -> str:
    kept, start = "", 0
    for found in _DUMP.finditer(text):
        if found.start() < start:
            continue
        kept += text[start : found.start()] + "Invalid value"
        start = _find_end(text, found.end())
    return kept + text[start:]


def _find_end(text: str, start: int) -> int:
    """Return the end of what begins with the brace at `start`; that of the text if no brace closes it."""
    depth = 0
    for found in _BRACE.finditer(text, start):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if not depth:
            return found.end()
    return len(text)
