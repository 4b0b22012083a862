"""Values of stack outputs: find the referenced one, describe and compare it."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TypeGuard

from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.literals import format_literal
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
        raise ValueError(f"the outputs of the stack {stack} are unknown: it is not applied here")
    if name not in outputs[stack]:
        known = suggest_name(name, outputs[stack]) or "it has no outputs"
        raise ValueError(f"the stack {stack} has no output {name}; {known}")
    if outputs[stack][name].sensitive:
        raise ValueError(f"{stack}.{name} is sensitive; checks must not use sensitive values")
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
            raise ValueError(f"{path}{step[0]} does not exist: {path} is {describe_type(value)}")


def describe_type(value: object) -> str:
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


def is_same_value(one: object, other: object) -> bool:
    """Compare two values: numbers by value across types, booleans never as numbers."""
    if is_number(one) and is_number(other):
        return to_decimal(one) == to_decimal(other)
    match one, other:
        case list(), list():
            return len(one) == len(other) and all(map(is_same_value, one, other))
        case Mapping(), Mapping():
            return one.keys() == other.keys() and all(is_same_value(one[key], other[key]) for key in one)
        case _:
            return type(one) is type(other) and one == other


def is_number(value: object) -> TypeGuard[int | float | Decimal]:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def to_decimal(number: float | Decimal) -> Decimal:
    """Return a number as written: the float 0.1 becomes exactly a tenth."""
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
