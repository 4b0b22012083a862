"""Outputs of stacks: finding the value that a check speaks of, and judging it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeGuard

from envctl.domain.config.checks.kinds import OutputCheck
from envctl.domain.config.checks.urls import http_url
from envctl.domain.terraform.literals import literal, number_text
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.terraform.outputs import Outputs
from envctl.domain.text.excerpt import excerpt
from envctl.domain.text.suggestions import suggestion

_STEP = re.compile(r'\[(?P<index>\d+)\]|\["(?P<key>[^"]*)"\]|\.(?P<attribute>[\w-]+)')


def shown(value: object) -> str:
    return excerpt(literal(value))


def look_up(reference: Reference, outputs: Outputs) -> object:
    """Raises ValueError with the problem where there is no value that may be used."""
    stack, name = reference.stack, reference.output
    if stack not in outputs:
        raise ValueError(f"the outputs of the stack {stack} are not known: it is not applied here")
    if name not in outputs[stack]:
        known = suggestion(name, outputs[stack]) or "it has none at all"
        raise ValueError(f"the stack {stack} has no output {name}; {known}")
    if outputs[stack][name].sensitive:
        raise ValueError(f"{stack}.{name} is sensitive, and sensitive values are not used in checks")
    value, walked = outputs[stack][name].value, f"{stack}.{name}"
    for step in _STEP.finditer(reference.path):
        value, walked = _inside(value, step, walked), f"{walked}{step[0]}"
    if value is None:
        raise ValueError(f"{walked} is null")
    return value


def _inside(value: object, step: re.Match[str], walked: str) -> object:
    key = step["key"] if step["key"] is not None else step["attribute"]
    match value:
        case list() if key is None:
            if int(step["index"]) < len(value):
                return value[int(step["index"])]
            raise ValueError(f"{walked}{step[0]} does not exist: {walked} has {len(value)} elements")
        case Mapping() if key is not None:
            if key in value:
                return value[key]
            raise ValueError(f"{walked}{step[0]} does not exist")
        case _:
            raise ValueError(f"{walked}{step[0]} does not exist: {walked} is {_sort(value)}")


def _sort(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case list():
            return "a list"
        case Mapping():
            return "a map"
        case _:
            return "a number"


def url_of(reference: Reference, value: object) -> str:
    """Raises ValueError with the problem where the value is no text."""
    if not isinstance(value, str):
        raise ValueError(f"{reference} is {_sort(value)}, and must be a URL")  # noqa: TRY004 (a problem, not a bug)
    try:
        return http_url(value)
    except ValueError as error:
        # What stands before an @ may be a password.
        seen = "" if "@" in value else f" is {shown(value)}, and"
        raise ValueError(f"{reference}{seen} {error}") from None


def flaw(check: OutputCheck, value: object) -> str:
    """Why the value is not as the check says, or an empty text."""
    if check.matches is not None:
        return _mismatch(check.matches, value)
    if check.at_least is not None or check.at_most is not None:
        return _outside(check, value)
    return "" if same(value, check.equals) else f"is {shown(value)}, expected {shown(check.equals)}"


def same(one: object, other: object) -> bool:
    """Numbers are compared by value, whatever their type; true and false are no numbers."""
    if _is_number(one) and _is_number(other):
        return _exact(one) == _exact(other)
    match one, other:
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
        case _:
            return type(one) is type(other) and one == other


def _mismatch(pattern: str, value: object) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            text = value
        case _ if _is_number(value):
            text = number_text(value)
        case _:
            return f"is {_sort(value)}, and only text, numbers, true and false can match"
    return "" if re.fullmatch(pattern, text) else f"is {shown(value)}, which does not match {excerpt(pattern)}"


def _outside(check: OutputCheck, value: object) -> str:
    if not _is_number(value):
        return f"is {shown(value)}, which is {_sort(value)}, and must be a number"
    if _is_number(check.at_least) and _exact(value) < _exact(check.at_least):
        return f"is {shown(value)}, expected at least {shown(check.at_least)}"
    if _is_number(check.at_most) and _exact(value) > _exact(check.at_most):
        return f"is {shown(value)}, expected at most {shown(check.at_most)}"
    return ""


def _is_number(value: object) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _exact(number: float | Decimal) -> Decimal:
    """A float stands for what was written: 0.1 is a tenth, however it was read."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
