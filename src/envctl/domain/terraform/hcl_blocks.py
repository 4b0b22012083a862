"""Blocks of Terraform's JSON syntax, written in HCL."""

import json
from collections.abc import Callable, Mapping
from decimal import Decimal

from envctl.domain.terraform.json_syntax import to_expression
from envctl.domain.terraform.literals import IDENTIFIER, format_number

_MAX_WIDTH = 100
_KEYWORDS = frozenset({"for", "true", "false", "null"})


class Expression(str):
    """Code of HCL, written as it is."""

    __slots__ = ()


def format_block(kind: str, labels: tuple[str, ...], arguments: Mapping[str, object]) -> str:
    """Return a block with its arguments, formatted as Terraform does. Strings are templates, as in the JSON syntax."""
    head = " ".join([kind, *(json.dumps(label, ensure_ascii=False) for label in labels)])
    return f"{head} {{\n{_format_arguments(arguments, '  ', str)}}}\n"


def _format_arguments(arguments: Mapping[str, object], indent: str, format_name: Callable[[str], str]) -> str:
    lines: list[str] = []
    group: list[tuple[str, str]] = []
    for name, value in arguments.items():
        key, text = format_name(name), _format_value(value, indent)
        if "\n" in text:
            lines += [*_align(group, indent), f"{indent}{key} = {text}\n"]
            group = []
        else:
            group.append((key, text))
    return "".join([*lines, *_align(group, indent)])


def _align(group: list[tuple[str, str]], indent: str) -> list[str]:
    """Return the lines of neighbors of one line each, with their values in one column."""
    width = max((len(key) for key, _ in group), default=0)
    return [f"{indent}{key:<{width}} = {text}\n" for key, text in group]


def _format_value(value: object, indent: str) -> str:
    line = _format_line(value)
    if len(indent) + len(line) <= _MAX_WIDTH:
        return line
    further = f"{indent}  "
    if isinstance(value, Mapping) and value:
        return f"{{\n{_format_arguments(value, further, _format_key)}{indent}}}"
    if isinstance(value, list | tuple) and value:
        items = "".join(f"{further}{_format_value(each, further)},\n" for each in value)
        return f"[\n{items}{indent}]"
    return line


def _format_line(value: object) -> str:
    match value:
        case Expression():
            return str(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return format_number(value)
        case str():
            return _format_template(value)
        case Mapping():
            inner = ", ".join(f"{_format_key(key)} = {_format_line(item)}" for key, item in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            return f"[{', '.join(map(_format_line, value))}]"
        case _:
            raise TypeError(f"not a value of Terraform: {type(value).__name__}")


def _format_template(text: str) -> str:
    """Return a string of the JSON syntax: its templates stay, and a single one is an expression."""
    if text.startswith("${") and text.endswith("}"):
        return text[2:-1]
    return to_expression(text)


def _format_key(name: str) -> str:
    """Return a key of a map. Unlike the name of an argument, it may be any text."""
    if isinstance(name, Expression):
        return str(name)
    return name if IDENTIFIER.fullmatch(name) and name not in _KEYWORDS else to_expression(name)
