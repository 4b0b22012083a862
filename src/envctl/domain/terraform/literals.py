"""Literal values as Terraform understands them: numbers without rounding, and text in HCL's own spelling.

A number is an int, a float where the float says exactly what was written, or else a Decimal.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
IDENTIFIER = re.compile(r"[a-zA-Z_][\w-]*", re.ASCII)
_LARGEST_EXPONENT = 400


def number_of(text: str) -> int | float | Decimal:
    exact = Decimal(text)
    if abs(exact.adjusted()) > _LARGEST_EXPONENT:
        return exact  # writing it out could fill the memory
    if exact.is_zero() and exact.is_signed():
        return -0.0  # Terraform keeps the minus, and shows it in text
    if exact == exact.to_integral_value():
        return int(exact)
    rounded = float(exact)
    return rounded if Decimal(repr(rounded)) == exact else exact


def number_text(number: float | Decimal) -> str:
    """What Terraform makes of a number where a string is wanted: never an exponent, no zeros at the end."""
    if isinstance(number, int):
        return str(number)
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    if abs(exact.adjusted()) > _LARGEST_EXPONENT:
        return str(exact)
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quote(text: str) -> str:
    """A string in HCL syntax; templates are escaped, so that it stays the text it is."""
    # JSON knows two escapes that HCL does not.
    foreign = {"b": "\\u0008", "f": "\\u000c"}
    escaped = re.sub(r"\\(.)", lambda found: foreign.get(found[1], found[0]), json.dumps(text, ensure_ascii=False))
    return escaped.replace("${", "$${").replace("%{", "%%{")


_ESCAPE = re.compile(r"\\(U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}|.)")
_TEMPLATE = re.compile(r"(?<!\$)\$\{|(?<!%)%\{")
_SELECTORS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


def unquote(text: str) -> str:
    """The text that a quoted HCL string stands for. Raises ValueError for templates and unknown escapes."""
    inner = text[1:-1]
    if _TEMPLATE.search(inner):
        raise ValueError("a template is not a literal value")
    return _ESCAPE.sub(_unescape, inner.replace("$${", "${").replace("%%{", "%{"))


def _unescape(found: re.Match[str]) -> str:
    selector = found[1]
    if len(selector) > 1:
        return chr(int(selector[1:], 16))
    if selector not in _SELECTORS:
        raise ValueError(f"\\{selector} is not an escape that strings know")
    return _SELECTORS[selector]


def literal(value: object) -> str:
    """Any JSON-like value in HCL syntax, on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return number_text(value)
        case str():
            return quote(value)
        case Mapping():
            inner = ", ".join(f"{_key(str(key))} = {literal(item)}" for key, item in value.items())
            return f"{{{inner}}}"
        case list() | tuple():
            return f"[{', '.join(literal(item) for item in value)}]"
        case _:
            raise TypeError(f"not a literal value: {type(value).__name__}")


def _key(name: str) -> str:
    # "for" would begin an expression, and true, false and null read as values to some parsers.
    plain = IDENTIFIER.fullmatch(name) and name not in {"for", "true", "false", "null"}
    return name if plain else quote(name)
