"""The question to a pricing program, and its answer.

The question holds the visible plan only: sensitive and unknown values are replaced by markers. An answer with any
fault is refused as a whole: a partly guessed sum is worse than none.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from envctl.domain.plan.changes import Action, AttributeChange, Cost, EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.terraform.literals import format_number
from envctl.domain.text.excerpt import excerpt

FORMAT = 1
MAX_AMOUNT = Decimal(10) ** 12
# Floats of a program have meaningless digits beyond this.
AMOUNT_PRECISION = Decimal("0.000001")
# Reads and invocations change no resource.
_COSTS_NOTHING = frozenset({Action.READ, Action.INVOKE})
_KEYS = ("currency", "monthly")


class MalformedAnswerError(ValueError):
    """The answer of the pricing program is invalid; the message continues a sentence that begins with the program."""


def has_priced_changes(plan: EnvironmentPlan) -> bool:
    """Tell if any resource would change. Outputs are free, and waiting stacks are unknown."""
    return any(resource.action not in _COSTS_NOTHING for stack in plan.stacks for resource in stack.resources)


def encode_question(plan: EnvironmentPlan, account_id: str, region: str, regions: Mapping[str, str]) -> bytes:
    document = {
        "format": FORMAT,
        "environment": plan.environment,
        "account_id": account_id or None,
        "region": region or None,
        "stacks": [_describe_stack(stack, regions.get(stack.stack, region)) for stack in plan.stacks],
    }
    return json.dumps(document).encode()


def _describe_stack(stack: StackPlan, region: str) -> dict[str, object]:
    return {
        "stack": stack.stack,
        "region": region or None,
        "waits_for": list(stack.waits_for),
        "resources": [_describe_resource(each) for each in stack.resources if each.action not in _COSTS_NOTHING],
    }


def _describe_resource(resource: ResourceChange) -> dict[str, object]:
    return {
        "address": resource.address,
        "type": resource.type,
        "action": resource.action.value,
        "before": dict(_list_values(resource.attributes, "before")),
        "after": dict(_list_values(resource.attributes, "after")),
    }


def _list_values(attributes: Sequence[AttributeChange], side: str) -> Iterator[tuple[str, object]]:
    for attribute in attributes:
        value = getattr(attribute, side)
        if isinstance(value, float) and not isfinite(value):
            # JSON has no infinity and no NaN.
            yield attribute.path, str(value)
        elif isinstance(value, Decimal):
            # As text, because a JSON reader would round it.
            yield attribute.path, format_number(value)
        elif value is not None:
            yield attribute.path, value


def parse_cost(answer: bytes, plan: EnvironmentPlan) -> Cost:
    """Read the answer of the pricing program. Raises MalformedAnswerError."""
    document = _parse_answer(answer)
    for key in _KEYS:
        if key not in document:
            raise MalformedAnswerError(f"answered without {key}")
    _reject_unknown_keys(document, (*_KEYS, "resources"), "")
    currency, monthly = document["currency"], document["monthly"]
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        raise MalformedAnswerError('answered with an invalid currency; a valid one is "USD"')
    if not isinstance(monthly, dict) or not {"before", "after"} <= monthly.keys():
        raise MalformedAnswerError("answered with a monthly without before and after")
    _reject_unknown_keys(monthly, ("before", "after"), "monthly.")
    before, after = (_parse_amount(monthly[key], f"monthly.{key}") for key in ("before", "after"))
    if min(before, after) < 0:
        raise MalformedAnswerError("answered with a monthly cost below zero")
    resources = _parse_resources(document.get("resources", {}), plan)
    return Cost(currency, format_number(before), format_number(after), format_number(after - before), resources)


def _parse_answer(answer: bytes) -> dict[str, Any]:
    if not answer.strip():
        raise MalformedAnswerError("answered with empty output")
    try:
        document = json.loads(
            answer.decode(),
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_reject_constant,
            object_pairs_hook=_reject_duplicates,
        )
    except MalformedAnswerError:
        raise
    except (ValueError, ArithmeticError, RecursionError):
        raise MalformedAnswerError("answered with invalid JSON") from None
    if not isinstance(document, dict):
        raise MalformedAnswerError("answered with JSON, but not with an object")
    return document


def _reject_constant(text: str) -> object:
    raise MalformedAnswerError(f"answered with {text}, not a valid amount")


def _reject_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedAnswerError("answered with a duplicate key")
    return found


def _reject_unknown_keys(document: Mapping[str, object], known: Sequence[str], within: str) -> None:
    for key in document:
        if key not in known:
            raise MalformedAnswerError(f"answered with the unknown key {within}{excerpt(key)}")


def _parse_resources(answered: object, plan: EnvironmentPlan) -> dict[str, str]:
    if not isinstance(answered, dict):
        raise MalformedAnswerError("answered with resources, but not as an object")
    known = {f"{stack.stack} {resource.address}" for stack in plan.stacks for resource in stack.resources}
    for name in answered:
        if name not in known:
            raise MalformedAnswerError(f'answered with the resource "{excerpt(name)}", not part of the request')
    amounts = {name: _parse_amount(value, f"resources of {excerpt(name)}") for name, value in answered.items()}
    return {name: format_number(amount) for name, amount in amounts.items()}


def _parse_amount(value: object, what: str) -> Decimal:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise MalformedAnswerError(f"answered with {what}, not a number")
    # copy_abs() is safe for huge exponents; abs() overflows.
    if value.copy_abs() > MAX_AMOUNT:
        raise MalformedAnswerError(f"answered with {what} beyond {MAX_AMOUNT:,}")
    # Adding zero turns -0 into 0.
    return value.quantize(AMOUNT_PRECISION) + 0
