"""Literal values: what pygohcl read, checked against the tree and with its numbers exact."""

from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter

from envctl.adapters.hcl.source import Source, attributes_of
from envctl.domain.errors import Location
from envctl.domain.terraform.literals import NUMBER, number_of

_WRAPPERS = frozenset({"expression", "literal_value", "collection_value", "template_expr"})
_EXPRESSIONS = {
    "variable_expr": "a reference",
    "operation": "an operation",
    "unary_operation": "an operation",
    "conditional": "a condition",
    "for_expr": "a for expression",
    "template_interpolation": "a template",
    "template_directive": "a template",
}


@dataclass(frozen=True)
class NotLiteral:
    what: str
    location: Location


def not_literals(source: Source, node: tree_sitter.Node) -> Iterator[NotLiteral]:
    """Every place of an expression that is more than a literal value. Comments between the parts are none."""
    inner = _inner(node)
    match inner.type:
        case "tuple":
            for item in _expressions(inner):
                yield from not_literals(source, item)
        case "object":
            for key, value in _pairs(inner):
                yield from _key_faults(source, key)
                yield from not_literals(source, value)
        case "string_lit" | "numeric_lit" | "bool_lit" | "null_lit":
            return
        case "quoted_template" | "heredoc_template":
            faults = (child for child in inner.named_children if child.type in _EXPRESSIONS)
            yield from (NotLiteral(_EXPRESSIONS[child.type], source.place(child)) for child in faults)
        case _ if _negative(source, inner) is None:
            yield NotLiteral(_describe(source, inner), source.place(inner))


def _key_faults(source: Source, key: tree_sitter.Node) -> Iterator[NotLiteral]:
    if _inner(key).type != "variable_expr":  # a bare name is the key itself
        yield from not_literals(source, key)
    elif source.text(key).startswith("("):
        yield NotLiteral("a reference", source.place(key))


def exact(source: Source, node: tree_sitter.Node, value: object) -> object:
    """The value with its numbers as they are written. Only for expressions without `not_literals`."""
    inner = _inner(node)
    if isinstance(value, list):
        return [exact(source, item, each) for item, each in zip(_expressions(inner), value, strict=True)]
    if isinstance(value, dict):
        nodes = {_key(source, key): item for key, item in _pairs(inner)}
        return {name: exact(source, nodes[name], each) for name, each in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_of(_negative(source, inner) or source.text(inner))
    return value


def _inner(node: tree_sitter.Node) -> tree_sitter.Node:
    while node.type in _WRAPPERS:
        parts = [child for child in node.children if child.type != "comment"]
        if len(parts) != 1:
            return node  # parentheses, an index, an attribute: more than its first part
        node = parts[0]
    return node


def _expressions(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    return [child for child in node.named_children if child.type == "expression"]


def _pairs(node: tree_sitter.Node) -> Iterator[tuple[tree_sitter.Node, tree_sitter.Node]]:
    for element in node.named_children:
        if element.type == "object_elem":
            key, value = _expressions(element)
            yield key, value


def _key(source: Source, node: tree_sitter.Node) -> str:
    text = source.text(node)
    inner = _inner(node)
    if inner.type in {"string_lit", "quoted_template"} and ("\\" in text or "{" in text or not text.isascii()):
        return str(attributes_of(b"key = " + text.encode())["key"])
    if inner.type == "string_lit":
        return text[1:-1]
    return str(next(iter(attributes_of(b"a = {" + text.encode() + b" = 1}")["a"])))


def _negative(source: Source, node: tree_sitter.Node) -> str | None:
    """The text of a number with a minus before it."""
    text = "".join(source.text(node).split())
    is_operation = node.type in {"operation", "unary_operation"}
    return text if is_operation and text.startswith("-") and NUMBER.fullmatch(text) else None


def _describe(source: Source, node: tree_sitter.Node) -> str:
    """What it is, never with its text: nobody knows yet whether the value is sensitive."""
    if node.type == "function_call":
        return f"a call of the function {source.text(node.named_children[0])}()"
    first = node.named_children[0].type if node.named_children else ""
    if node.type == "expression" and first == "variable_expr":
        return "a reference"
    return _EXPRESSIONS.get(node.type, "an expression")
