"""What a plan costs: what is asked of a program that knows prices, and what it answers.

A question holds what a plan shows and nothing else: where a value is sensitive, or not known yet, it has a marker. What
makes no answer is refused as a whole: a sum of which a part is guessed is worse than none.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import isfinite
from typing import Any

from envctl.domain.plan.changes import Action, AttributeChange, Cost, EnvironmentPlan, ResourceChange, StackPlan
from envctl.domain.terraform.literals import number_text

FORMAT = 1
LARGEST = Decimal(10) ** 12
# What programs reckon with floats has digits that mean nothing.
FINEST = Decimal("0.000001")
# What is read or invoked is no resource that becomes another.
_COSTS_NOTHING = frozenset({Action.READ, Action.INVOKE})
_KEYS = ("currency", "monthly")


class MalformedAnswerError(ValueError):
    """Its message continues a sentence that begins with the program."""


def worth_asking(plan: EnvironmentPlan) -> bool:
    """Whether any resource would become another. Outputs cost nothing, and what waits can't be told yet."""
    return any(resource.action not in _COSTS_NOTHING for stack in plan.stacks for resource in stack.resources)


def question(plan: EnvironmentPlan, account_id: str, region: str, regions: Mapping[str, str]) -> bytes:
    document = {
        "format": FORMAT,
        "environment": plan.environment,
        "account_id": account_id or None,
        "region": region or None,
        "stacks": [_stack(stack, regions.get(stack.stack, region)) for stack in plan.stacks],
    }
    return json.dumps(document).encode()


def _stack(stack: StackPlan, region: str) -> dict[str, object]:
    return {
        "stack": stack.stack,
        "region": region or None,
        "waits_for": list(stack.waits_for),
        "resources": [_resource(resource) for resource in stack.resources if resource.action not in _COSTS_NOTHING],
    }


def _resource(resource: ResourceChange) -> dict[str, object]:
    return {
        "address": resource.address,
        "type": resource.type,
        "action": resource.action.value,
        "before": dict(_side(resource.attributes, "before")),
        "after": dict(_side(resource.attributes, "after")),
    }


def _side(attributes: Sequence[AttributeChange], side: str) -> Iterator[tuple[str, object]]:
    for attribute in attributes:
        value = getattr(attribute, side)
        if isinstance(value, float) and not isfinite(value):
            # JSON has no such number.
            yield attribute.path, str(value)
        elif isinstance(value, Decimal):
            # A reader would round it.
            yield attribute.path, number_text(value)
        elif value is not None:
            yield attribute.path, value


def cost(answer: bytes, plan: EnvironmentPlan) -> Cost:
    """Raises MalformedAnswerError."""
    document = _parsed(answer)
    for key in _KEYS:
        if key not in document:
            raise MalformedAnswerError(f"answered without {key}")
    _refuse_others(document, (*_KEYS, "resources"), "")
    currency, monthly = document["currency"], document["monthly"]
    if not (isinstance(currency, str) and currency.isascii() and currency.isalpha() and currency.isupper()) or (
        len(currency) != len("USD")
    ):
        raise MalformedAnswerError('answered with a currency that is none, such as "USD"')
    if not isinstance(monthly, dict) or not {"before", "after"} <= monthly.keys():
        raise MalformedAnswerError("answered with a monthly that does not hold before and after")
    _refuse_others(monthly, ("before", "after"), "monthly.")
    before, after = (_amount(monthly[key], f"monthly.{key}") for key in ("before", "after"))
    if min(before, after) < 0:
        raise MalformedAnswerError("answered with a monthly cost below zero")
    resources = _resources(document.get("resources", {}), plan)
    return Cost(currency, number_text(before), number_text(after), number_text(after - before), resources)


def _parsed(answer: bytes) -> dict[str, Any]:
    if not answer.strip():
        raise MalformedAnswerError("answered nothing")
    try:
        document = json.loads(
            answer.decode(),
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_no_number,
            object_pairs_hook=_without_twins,
        )
    except MalformedAnswerError:
        raise
    except (ValueError, ArithmeticError, RecursionError):
        raise MalformedAnswerError("answered with something that is not JSON") from None
    if not isinstance(document, dict):
        raise MalformedAnswerError("answered with JSON that is no object")
    return document


def _no_number(text: str) -> object:
    raise MalformedAnswerError(f"answered with {text}, which is no amount")


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedAnswerError("answered with a key that is there twice")
    return found


def _refuse_others(document: Mapping[str, object], known: Sequence[str], within: str) -> None:
    for key in document:
        if key not in known:
            raise MalformedAnswerError(f"answered with {within}{_short(key)}, which envctl does not know")


def _resources(told: object, plan: EnvironmentPlan) -> dict[str, str]:
    if not isinstance(told, dict):
        raise MalformedAnswerError("answered with resources that are no object")
    known = {f"{stack.stack} {resource.address}" for stack in plan.stacks for resource in stack.resources}
    for name in told:
        if name not in known:
            raise MalformedAnswerError(f'answered with the resource "{_short(name)}", which it was not asked about')
    return {name: number_text(_amount(value, f"resources of {_short(name)}")) for name, value in told.items()}


def _amount(value: object, what: str) -> Decimal:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise MalformedAnswerError(f"answered with {what} that is not a number")
    # Nothing is reckoned with it before: of a number beyond all measure, even its absolute value is an overflow.
    if value.copy_abs() > LARGEST:
        raise MalformedAnswerError(f"answered with {what} beyond {LARGEST:,}")
    # Adding zero takes the sign away that a zero may have.
    return value.quantize(FINEST) + 0


def _short(name: str) -> str:
    from envctl.domain.text.excerpt import excerpt

    return excerpt(name)
