"""Literal values of Terraform: numbers without rounding, and text in HCL syntax.

A number is an int, a float if the float is exact, or else a Decimal.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
IDENTIFIER = re.compile(r"[a-zA-Z_][\w-]*", re.ASCII)
_LARGEST_EXPONENT = 400


def parse_number(text: str) -> int | float | Decimal:
    exact = Decimal(text)
    if abs(exact.adjusted()) > _LARGEST_EXPONENT:
        return exact  # its digits could fill the memory
    if exact.is_zero() and exact.is_signed():
        return -0.0  # Terraform keeps the sign and prints it
    if exact == exact.to_integral_value():
        return int(exact)
    rounded = float(exact)
    return rounded if Decimal(repr(rounded)) == exact else exact


def format_number(number: float | Decimal) -> str:
    """Write a number as Terraform converts it to a string: no exponent, no trailing zeros."""
    if isinstance(number, int):
        return str(number)
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    if abs(exact.adjusted()) > _LARGEST_EXPONENT:
        return str(exact)
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quote_string(text: str) -> str:
    """Write a string in HCL syntax, with templates escaped."""
    # HCL lacks two escapes of JSON.
    foreign = {"b": "\\u0008", "f": "\\u000c"}
    escaped = re.sub(r"\\(.)", lambda found: foreign.get(found[1], found[0]), json.dumps(text, ensure_ascii=False))
    return escaped.replace("${", "$${").replace("%{", "%%{")


_ESCAPE = re.compile(r"\\(U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}|.)")
_TEMPLATE = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def unquote_string(text: str) -> str:
    """Return the text of a quoted HCL string. Raises ValueError for templates and unknown escapes."""
    inner = text[1:-1]
    if _TEMPLATE.search(inner):
        raise ValueError("a template is not a literal value")
    return _ESCAPE.sub(_resolve_escape, inner.replace("$${", "${").replace("%%{", "%{"))


def _resolve_escape(found: re.Match[str]) -> str:
    selector = found[1]
    if len(selector) > 1:
        return chr(int(selector[1:], 16))
    if selector not in _ESCAPES:
        raise ValueError(f"\\{selector} is not a valid escape in strings")
    return _ESCAPES[selector]


def format_literal(value: object) -> str:
    """Write a JSON-like value in HCL syntax, on one line. Raises TypeError for other values."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return format_number(value)
        case str():
            return quote_string(value)
        case Mapping():
            inner = ", ".join(f"{_format_key(str(key))} = {format_literal(item)}" for key, item in value.items())
            return f"{{{inner}}}"
        case list() | tuple():
            return f"[{', '.join(format_literal(item) for item in value)}]"
        case _:
            raise TypeError(f"not a literal value: {type(value).__name__}")


def _format_key(name: str) -> str:
    # "for" would begin an expression; some parsers read true, false and null as values.
    plain = IDENTIFIER.fullmatch(name) and name not in {"for", "true", "false", "null"}
    return name if plain else quote_string(name)
