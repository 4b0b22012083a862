"""Blocks of Terraform's JSON syntax, written in HCL."""

import json
from collections.abc import Mapping

from envctl.domain.terraform.literals import HclStyle, encode_json, format_key, format_line, quote_string

_MAX_WIDTH = 100


class Expression(str):
    """Code of HCL, written as it is."""

    __slots__ = ()


class NestedBlocks(tuple[Mapping[str, object], ...]):
    """The bodies of nested blocks of one kind, in place of the value of an argument."""

    __slots__ = ()


def format_block(kind: str, labels: tuple[str, ...], arguments: Mapping[str, object]) -> str:
    """Return a block with its arguments, formatted as Terraform does. Strings are templates, as in the JSON syntax."""
    head = " ".join([kind, *(json.dumps(label, ensure_ascii=False) for label in labels)])
    return f"{head} {{\n{_format_arguments(arguments, '  ', _JSON_SYNTAX)}}}\n"


def format_settings(values: Mapping[str, object]) -> str:
    """Return a settings file, formatted as Terraform does. Strings are no templates."""
    return _format_arguments(values, "", _SETTINGS)


def _format_arguments(arguments: Mapping[str, object], indent: str, style: HclStyle, *, is_map: bool = False) -> str:
    lines: list[str] = []
    group: list[tuple[str, str]] = []
    further = f"{indent}  "
    for name, value in arguments.items():
        key = format_key(name, style) if is_map else str(name)
        if isinstance(value, NestedBlocks):
            inner = (_format_arguments(body, further, style) for body in value)
            written = [f"{indent}{key} {{\n{body}{indent}}}\n" for body in inner]
        elif "\n" in (text := _format_value(value, indent, style)):
            written = [f"{indent}{key} = {text}\n"]
        else:
            group.append((key, text))
            continue
        lines += [*_align(group, indent), *written]
        group = []
    return "".join([*lines, *_align(group, indent)])


def _align(group: list[tuple[str, str]], indent: str) -> list[str]:
    """Return the lines of neighbors of one line each, with their values in one column."""
    width = max((len(key) for key, _ in group), default=0)
    return [f"{indent}{key:<{width}} = {text}\n" for key, text in group]


def _format_value(value: object, indent: str, style: HclStyle) -> str:
    line = format_line(value, style)
    if len(indent) + len(line) <= _MAX_WIDTH:
        return line
    further = f"{indent}  "
    if isinstance(value, Mapping) and value:
        return f"{{\n{_format_arguments(value, further, style, is_map=True)}{indent}}}"
    if isinstance(value, list | tuple) and value:
        items = "".join(f"{further}{_format_value(each, further, style)},\n" for each in value)
        return f"[\n{items}{indent}]"
    return line


def _format_template(text: str) -> str:
    """Return a string of the JSON syntax: its templates stay, and a single one is an expression."""
    if not isinstance(text, Expression) and text.startswith("${") and text.endswith("}"):
        return text[2:-1]
    return _format_key(text)


def _format_key(text: str) -> str:
    return str(text) if isinstance(text, Expression) else encode_json(text)


_JSON_SYNTAX = HclStyle(_format_template, _format_key, " ")
_SETTINGS = HclStyle(quote_string, quote_string, " ")
