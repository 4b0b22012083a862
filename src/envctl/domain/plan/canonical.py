"""Canonical text of values, for digests: values an apply could tell apart have different texts.

A path inside a value is a list of keys and indexes. It is kept as JSON: no key can imitate another path, even with
special characters.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from envctl.domain.plan.changes import Marker

# In place of a digest: known after apply, sensitive, both, and absent.
UNKNOWN, SENSITIVE, SENSITIVE_UNKNOWN, ABSENT = "?", "*", "*?", "-"
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')

PathStep = str | int


def to_canonical_json(value: object) -> str:
    """Return the JSON of a value: keys in order, and numbers in their only exact form. Raises TypeError otherwise."""
    match value:
        case None | bool() | str():
            return json.dumps(value)
        case int() | float() | Decimal():
            return _format_number(value)
        case Mapping():
            pairs = sorted((str(key), item) for key, item in value.items())
            return f"{{{','.join(f'{json.dumps(key)}:{to_canonical_json(item)}' for key, item in pairs)}}}"
        case list() | tuple():
            return f"[{','.join(map(to_canonical_json, value))}]"
        case _:
            raise TypeError(f"a {type(value).__name__} has no place in a document")


def digest_value(value: object) -> str:
    """Return a digest of a value, or the marker for an unknown or sensitive one."""
    if isinstance(value, Marker):
        return UNKNOWN if value is Marker.UNKNOWN else SENSITIVE
    return digest_text(to_canonical_json(value))


def digest_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def encode_path(steps: Sequence[PathStep]) -> str:
    return json.dumps(list(steps), separators=(",", ":"))


def parse_path(path: str) -> tuple[PathStep, ...]:
    """Parse a path in readable form, like `tags["a b"].c[0]`."""
    return tuple(
        int(index) if index else plain or str(json.loads(f'"{quoted}"')) for quoted, index, plain in _STEP.findall(path)
    )


def list_enclosing_paths(path: str) -> Iterator[str]:
    """Yield the path itself, then every enclosing path. Other text is yielded alone."""
    yield path
    if path.startswith("["):
        steps = json.loads(path)
        yield from (encode_path(steps[:end]) for end in range(len(steps) - 1, -1, -1))


def list_leaves(value: object, steps: tuple[PathStep, ...] = ()) -> Iterator[tuple[str, object]]:
    """Yield path and value of every leaf; empty lists and objects are leaves too."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from list_leaves(item, (*steps, str(key)))
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from list_leaves(item, (*steps, index))
    else:
        yield encode_path(steps), value


def _format_number(value: float | Decimal) -> str:
    """Write a number without rounding, in the same form for 1, 1.0 and 1e0."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(value) if isinstance(value, float) else value)
    if not exact.is_finite():
        raise TypeError(f"{exact} is not a number")
    sign, digits, exponent = exact.as_tuple()
    text = "".join(map(str, digits)).lstrip("0")
    short = text.rstrip("0")
    if not short:
        return "0"
    power = int(exponent) + len(text) - len(short)
    return f"{'-' if sign else ''}{short}{f'e{power}' if power else ''}"
