"""Amounts as Kubernetes writes them: `500m`, `1Gi`, `2e3`."""

import re
from decimal import ROUND_CEILING, Context, Decimal

PATTERN = r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
"""The pattern that the messages of Kubernetes name."""
_AMOUNT = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?P<suffix>[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,3})?")
_MOST_CHARACTERS = 100
# No amount of so many characters loses a digit. Python's own context keeps 28.
_EXACT = Context(prec=_MOST_CHARACTERS + 2 * 1000)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SUFFIXES = {exponent: suffix for suffix, exponent in _DECIMAL.items()}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_BEGIN = re.compile(r"[+-]?\d*(?:\.\d*)?(?P<suffix>[eEinumkKMGTP]*(?:(?<=[eE])[+-]?\d*)?)")
NANO = Decimal(1).scaleb(-9)
MILLI = Decimal(1).scaleb(-3)


def is_quantity(text: str) -> bool:
    """Return whether the text is an amount, not longer or larger than any that has a use."""
    return len(text) <= _MOST_CHARACTERS and _AMOUNT.fullmatch(text) is not None


def explain_quantity(text: str) -> str:
    """Return why a text is no amount, in the words of Kubernetes."""
    found = _BEGIN.fullmatch(text)
    if text and found and found["suffix"]:
        return "unable to parse quantity's suffix"
    return f"quantities must match the regular expression '{PATTERN}'"


def parse_quantity(value: str | float) -> Decimal:
    """Return the number. Raises ValueError if the value is no amount."""
    number, suffix = _split(str(value))
    if suffix in _BINARY:
        return _EXACT.multiply(number, Decimal(1 << _BINARY[suffix]))
    exponent = int(suffix[1:]) if suffix[:1] in ("e", "E") and len(suffix) > 1 else _DECIMAL[suffix]
    return _EXACT.scaleb(number, exponent)


def format_quantity(value: str | float, least: Decimal = NANO) -> str:
    """Return the amount as the API server writes it: `0.5` is `500m`, and `1024Mi` is `1Gi`. Raises ValueError.

    It is rounded up to a multiple of `least`; requests and limits keep no less than a thousandth.
    """
    amount = parse_quantity(value).quantize(least, ROUND_CEILING, _EXACT)
    suffix = _split(str(value))[1]
    if suffix in _BINARY and (amount == amount.to_integral_value() and abs(amount) >= 1024):  # noqa: PLR2004
        return _format_binary(int(amount))
    is_scientific = suffix[:1] in ("e", "E") and len(suffix) > 1
    return _format_decimal(amount, is_scientific=is_scientific)


def _split(text: str) -> tuple[Decimal, str]:
    found = _AMOUNT.fullmatch(text) if is_quantity(text) else None
    if not found:
        raise ValueError(f"{text} is no amount")
    return Decimal(found["number"]), found["suffix"] or ""


def _format_binary(amount: int) -> str:
    suffix = ""
    for name in _BINARY:
        if amount % 1024:
            break
        amount, suffix = amount // 1024, name
    return f"{amount}{suffix}"


def _format_decimal(amount: Decimal, *, is_scientific: bool) -> str:
    if not amount:
        return "0"
    exponent = min(18, max(-9, _count_zeros(amount) // 3 * 3))
    number = int(_EXACT.scaleb(amount, -exponent))
    if is_scientific:
        return f"{number}e{exponent}" if exponent else str(number)
    return f"{number}{_SUFFIXES[exponent]}"


def _count_zeros(amount: Decimal) -> int:
    """Return how many zeros the amount ends with; negative for digits behind the point."""
    exponent = _EXACT.normalize(amount).as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
