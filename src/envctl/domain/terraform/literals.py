"""Literal values of Terraform: text in HCL syntax, and exact numbers: an int, an exact float, or else a Decimal."""

import json
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

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


def encode_json(value: object) -> str:
    """Write a JSON value as an expression of HCL. Templates in its strings stay templates."""
    # HCL lacks two escapes of JSON.
    foreign = {"b": "\\u0008", "f": "\\u000c"}
    return re.sub(r"\\(.)", lambda found: foreign.get(found[1], found[0]), json.dumps(value, ensure_ascii=False))


def quote_string(text: str) -> str:
    """Write a string in HCL syntax, with templates escaped."""
    return encode_json(text).replace("${", "$${").replace("%{", "%%{")


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


class HclStyle(NamedTuple):
    """How strings and keys that are no names are written, and what is inside the braces of a map."""

    write_string: Callable[[str], str]
    write_key: Callable[[str], str]
    padding: str = ""


LITERALS = HclStyle(quote_string, quote_string)


def format_literal(value: object) -> str:
    """Write a JSON-like value in HCL syntax, on one line. Raises TypeError for other values."""
    return format_line(value, LITERALS)


def format_line(value: object, style: HclStyle) -> str:
    """Write a value in HCL syntax, on one line. Raises TypeError for what is no value of Terraform."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return format_number(value)
        case str():
            return style.write_string(value)
        case Mapping():
            inner = ", ".join(f"{format_key(key, style)} = {format_line(item, style)}" for key, item in value.items())
            return f"{{{style.padding}{inner}{style.padding}}}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(format_line(item, style) for item in value)}]"
        case _:
            raise TypeError(f"not a value of Terraform: {type(value).__name__}")


def format_key(key: object, style: HclStyle) -> str:
    """Write a key of a map. Unlike the name of an argument, it may be any text."""
    # "for" would begin an expression; some parsers read true, false and null as values.
    name = key if isinstance(key, str) else str(key)
    is_name = IDENTIFIER.fullmatch(name) and name not in {"for", "true", "false", "null"}
    return name if is_name else style.write_key(name)
