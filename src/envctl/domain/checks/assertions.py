"""Assertions on outputs of stacks: find the referenced value and check it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeGuard

from envctl.domain.config.checks.kinds import OutputCheck
from envctl.domain.config.checks.urls import check_http_url
from envctl.domain.terraform.literals import format_literal, format_number
from envctl.domain.terraform.output_reference import OutputReference
from envctl.domain.terraform.outputs import Outputs
from envctl.domain.text.excerpt import excerpt
from envctl.domain.text.suggestions import suggest_name

_STEP = re.compile(r'\[(?P<index>\d+)\]|\["(?P<key>[^"]*)"\]|\.(?P<attribute>[\w-]+)')


def format_value(value: object) -> str:
    return excerpt(format_literal(value))


def find_output_value(reference: OutputReference, outputs: Outputs) -> object:
    """Return the referenced value. Raises ValueError if it is missing, null or sensitive."""
    stack, name = reference.stack, reference.output
    if stack not in outputs:
        raise ValueError(f"the outputs of the stack {stack} are not known: it is not applied here")
    if name not in outputs[stack]:
        known = suggest_name(name, outputs[stack]) or "it has none at all"
        raise ValueError(f"the stack {stack} has no output {name}; {known}")
    if outputs[stack][name].sensitive:
        raise ValueError(f"{stack}.{name} is sensitive, and sensitive values are not used in checks")
    value, path = outputs[stack][name].value, f"{stack}.{name}"
    for step in _STEP.finditer(reference.path):
        value, path = _step_into(value, step, path), f"{path}{step[0]}"
    if value is None:
        raise ValueError(f"{path} is null")
    return value


def _step_into(value: object, step: re.Match[str], path: str) -> object:
    key = step["key"] if step["key"] is not None else step["attribute"]
    match value:
        case list() if key is None:
            if int(step["index"]) < len(value):
                return value[int(step["index"])]
            raise ValueError(f"{path}{step[0]} does not exist: {path} has {len(value)} elements")
        case Mapping() if key is not None:
            if key in value:
                return value[key]
            raise ValueError(f"{path}{step[0]} does not exist")
        case _:
            raise ValueError(f"{path}{step[0]} does not exist: {path} is {_describe_type(value)}")


def _describe_type(value: object) -> str:
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


def parse_output_url(reference: OutputReference, value: object) -> str:
    """Return the value as an HTTP URL. Raises ValueError with the fault."""
    if not isinstance(value, str):
        raise ValueError(f"{reference} is {_describe_type(value)}, and must be a URL")  # noqa: TRY004 (a problem, not a bug)
    try:
        return check_http_url(value)
    except ValueError as error:
        # The text before an @ may be a password.
        seen = "" if "@" in value else f" is {format_value(value)}, and"
        raise ValueError(f"{reference}{seen} {error}") from None


def check_output(check: OutputCheck, value: object) -> str:
    """Return the reason a value fails the check; empty if it passes."""
    if check.matches is not None:
        return _check_pattern(check.matches, value)
    if check.at_least is not None or check.at_most is not None:
        return _check_range(check, value)
    return (
        "" if is_same_value(value, check.equals) else f"is {format_value(value)}, expected {format_value(check.equals)}"
    )


def is_same_value(one: object, other: object) -> bool:
    """Compare two values: numbers by value across types, booleans never as numbers."""
    if _is_number(one) and _is_number(other):
        return _to_decimal(one) == _to_decimal(other)
    match one, other:
        case list(), list():
            return len(one) == len(other) and all(map(is_same_value, one, other))
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(is_same_value(one[key], other[key]) for key in one)
        case _:
            return type(one) is type(other) and one == other


def _check_pattern(pattern: str, value: object) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            text = value
        case _ if _is_number(value):
            text = format_number(value)
        case _:
            return f"is {_describe_type(value)}, and only text, numbers, true and false can match"
    return "" if re.fullmatch(pattern, text) else f"is {format_value(value)}, which does not match {excerpt(pattern)}"


def _check_range(check: OutputCheck, value: object) -> str:
    if not _is_number(value):
        return f"is {format_value(value)}, which is {_describe_type(value)}, and must be a number"
    if _is_number(check.at_least) and _to_decimal(value) < _to_decimal(check.at_least):
        return f"is {format_value(value)}, expected at least {format_value(check.at_least)}"
    if _is_number(check.at_most) and _to_decimal(value) > _to_decimal(check.at_most):
        return f"is {format_value(value)}, expected at most {format_value(check.at_most)}"
    return ""


def _is_number(value: object) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _to_decimal(number: float | Decimal) -> Decimal:
    """Return a number as written: the float 0.1 becomes exactly a tenth."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
