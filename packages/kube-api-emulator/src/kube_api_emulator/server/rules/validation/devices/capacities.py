"""How much of a capacity of a device one request may take."""

from collections.abc import Sequence
from decimal import ROUND_CEILING
from itertools import pairwise

from kube_api_emulator.schemas.quantity import format_quantity, parse_quantity
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.devices.parts import Part, check_items

_MOST_OPTIONS = 10
_BOTH = 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'


def check_capacity(capacity: Part, field: str, causes: Causes, *, is_shared: bool) -> None:
    """Check a capacity. Only that of a device for several claims at a time has a policy."""
    policy, field = capacity.get("requestPolicy"), f"{field}.requestPolicy"
    if policy is None:
        return
    if not is_shared:
        causes.forbid(field, "allowMultipleAllocations must be true")
        return
    most, default = str(capacity.get("value") or "0"), policy.get("default")
    options, limits = policy.get("validValues") or (), policy.get("validRange")
    if options and limits is not None:
        causes.forbid(field, _BOTH)
    elif options or limits is not None:
        name = "validValues" if options else "validRange"
        if default is None:
            causes.require(f"{field}.default", f"required when {name} is defined")
        elif options:
            _check_options([str(each) for each in options], str(default), most, f"{field}.{name}", causes)
        else:
            _check_range(limits or {}, str(default), most, f"{field}.{name}", causes)


def _is_less(one: str, other: str) -> bool:
    return parse_quantity(one) < parse_quantity(other)


def _round(amount: str) -> int:
    return int(parse_quantity(amount).to_integral_value(ROUND_CEILING))


def _check_options(options: Sequence[str], default: str, most: str, field: str, causes: Causes) -> None:
    for index, (former, option) in enumerate(pairwise(options), start=1):
        if _is_less(option, former):
            causes.refuse(f"{field}[{index}]", option, "values must be sorted in ascending order")

    def check(option: str, place: str) -> None:
        if _is_less(most, option):
            causes.refuse(place, option, f"option is larger than capacity value: {most}")

    check_items(options, field, causes, check, most=_MOST_OPTIONS, read_key=lambda option: str(_round(option)))
    is_compared = len(options) <= _MOST_OPTIONS
    if not (is_compared and any(parse_quantity(option) == parse_quantity(default) for option in options)):
        causes.refuse(field, default, "default value is not valid according to the requestPolicy")


def _check_range(limits: Part, default: str, most: str, field: str, causes: Causes) -> None:
    low, high, step = (None if limits.get(name) is None else str(limits[name]) for name in ("min", "max", "step"))
    if low is None:
        causes.require(f"{field}.min", "required when validRange is defined")
        return
    if _is_less(most, low):
        causes.refuse(f"{field}.min", low, f"min is larger than capacity value: {most}")
    if _is_less(default, low):
        causes.refuse(f"{field}.min", default, f"default is less than min: {low}")
    if high is not None:
        _check_most(high, (low, default, most), f"{field}.max", causes)
    if step is not None:
        first = _add(low, step)
        if _is_less(most, first):
            causes.refuse(f"{field}.step", step, f"one step {first} is larger than capacity value: {most}")
        for amount in (default, *(() if high is None else (high,))):
            _check_steps(amount, low, step, f"{field}.step", causes)


def _check_most(high: str, others: tuple[str, str, str], field: str, causes: Causes) -> None:
    """Check the upper limit against the lower one, the default and the whole capacity."""
    low, default, most = others
    if _is_less(high, low):
        causes.refuse(field, low, f"min is larger than max: {high}")
    if _is_less(most, high):
        causes.refuse(field, high, f"max is larger than capacity value: {most}")
    if _is_less(high, default):
        causes.refuse(field, default, f"default is more than max: {high}")


def _check_steps(amount: str, low: str, step: str, field: str, causes: Causes) -> None:
    """Check that an amount is a number of steps away from the least one."""
    if _round(step) and (_round(amount) - _round(low)) % _round(step):
        causes.refuse(field, amount, f"value is not a multiple of a given step ({step}) from ({low})")


def _add(one: str, other: str) -> str:
    """Return a sum in the notation of the first amount, or of the second if the first is zero."""
    total, kept = parse_quantity(one) + parse_quantity(other), one if parse_quantity(one) else other
    is_binary = kept.endswith("i")
    return format_quantity(f"{total / 1024 if is_binary else total:f}{'Ki' if is_binary else ''}")
