"""Version constraints as Terraform writes them: `>= 1.10, < 2.0`."""

import re

_PART = re.compile(r"\s*(=|!=|>=?|<=?|~>)?\s*(\d+(?:\.\d+)*)")
_Numbers = tuple[int, ...]


def allows(constraint: str, version: str) -> bool:
    """Whether every part of it is met. What a version has behind its numbers counts for nothing."""
    there = _numbers(version)
    return all(
        _meets(match[1] or "=", match[2], there) for part in constraint.split(",") if (match := _PART.match(part))
    )


def _meets(operator: str, wanted: str, there: _Numbers) -> bool:
    than = _numbers(wanted)
    match operator:
        case "=":
            return there == than
        case "!=":
            return there != than
        case ">":
            return there > than
        case ">=":
            return there >= than
        case "<":
            return there < than
        case "<=":
            return there <= than
        case _:
            # The last number that is given may rise, and those before it may not.
            fixed = max(1, wanted.count("."))
            return there >= than and there[:fixed] == than[:fixed]


def _numbers(version: str) -> _Numbers:
    found = [int(number) for number in re.findall(r"\d+", re.split(r"[-+]", version)[0])]
    return (*found, 0, 0, 0)[:3]
