"""Version constraints of Terraform, like `>= 1.10, < 2.0`."""

import operator
import re
from collections.abc import Callable, Mapping

_PART = re.compile(r"\s*(=|!=|>=?|<=?|~>)?\s*(\d+(?:\.\d+)*)")
_Numbers = tuple[int, ...]
_COMPARISONS: Mapping[str, Callable[[_Numbers, _Numbers], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def is_version_allowed(constraint: str, version: str) -> bool:
    """Check every part of the constraint. Suffixes such as `-beta1` are ignored."""
    numbers = _parse_numbers(version)
    return all(
        _is_met(match[1] or "=", match[2], numbers) for part in constraint.split(",") if (match := _PART.match(part))
    )


def _is_met(sign: str, wanted: str, numbers: _Numbers) -> bool:
    bound = _parse_numbers(wanted)
    if sign in _COMPARISONS:
        return _COMPARISONS[sign](numbers, bound)
    # `~>`: only the last given number may rise.
    fixed = max(1, wanted.count("."))
    return numbers >= bound and numbers[:fixed] == bound[:fixed]


def _parse_numbers(version: str) -> _Numbers:
    found = [int(number) for number in re.findall(r"\d+", re.split(r"[-+]", version)[0])]
    return (*found, 0, 0, 0)[:3]
