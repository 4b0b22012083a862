"""Values in one spelling each, for digests: two that an apply could tell apart never have the same one.

A place in a value is a list of steps. It is kept as JSON, so that no key can pass for another place, whatever
characters it holds.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from envctl.domain.plan.changes import Marker

# In place of a digest: known only after the apply, sensitive, both, and not there.
UNKNOWN, SENSITIVE, SENSITIVE_UNKNOWN, ABSENT = "?", "*", "*?", "-"
_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.\[\]]+)')

Step = str | int


def canonical_text(value: object) -> str:
    """The JSON of a value: keys in order, and each number in the only spelling that is exact. Raises TypeError for what
    has no place in a document.
    """
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return json.dumps(value)
        case int() | float() | Decimal():
            return _number(value)
        case Mapping():
            pairs = sorted((str(key), item) for key, item in value.items())
            return f"{{{','.join(f'{json.dumps(key)}:{canonical_text(item)}' for key, item in pairs)}}}"
        case list() | tuple():
            return f"[{','.join(map(canonical_text, value))}]"
        case _:
            raise TypeError(f"a {type(value).__name__} has no place in a document")


def sign_of(value: object) -> str:
    """A digest of a value, or the sign for what must not or can't be known."""
    if isinstance(value, Marker):
        return UNKNOWN if value is Marker.UNKNOWN else SENSITIVE
    return digest_of(canonical_text(value))


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def place(steps: Sequence[Step]) -> str:
    return json.dumps(list(steps), separators=(",", ":"))


def steps_of(path: str) -> tuple[Step, ...]:
    """Of a path as a person would write it, like `tags["a b"].c[0]`."""
    return tuple(_step(*found) for found in _STEP.findall(path))


def above(placed: str) -> Iterator[str]:
    """The place itself, and every place that it lies in. What is no place has nothing above it."""
    yield placed
    if placed.startswith("["):
        steps = json.loads(placed)
        yield from (place(steps[:end]) for end in range(len(steps) - 1, -1, -1))


def leaves(value: object, steps: tuple[Step, ...] = ()) -> Iterator[tuple[str, object]]:
    """Every value that holds no other, by its place: empty lists and objects are values too."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from leaves(item, (*steps, str(key)))
    elif isinstance(value, list | tuple) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*steps, index))
    else:
        yield place(steps), value


def _step(quoted: str, index: str, plain: str) -> Step:
    if index:
        return int(index)
    return plain or str(json.loads(f'"{quoted}"'))


def _number(value: float | Decimal) -> str:
    """1, 1.0 and 1e0 are one number; no digit is rounded away."""
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
