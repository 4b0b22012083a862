"""Literal values of pygohcl, checked against the syntax tree, with exact numbers."""

from collections.abc import Iterator
from dataclasses import dataclass

import tree_sitter

from envctl.adapters.hcl.source import Source, parse_attributes
from envctl.domain.errors import Location
from envctl.domain.terraform.literals import NUMBER, parse_number

_WRAPPERS = frozenset({"expression", "literal_value", "collection_value", "template_expr"})
_DESCRIPTION_BY_TYPE = {
    "variable_expr": "a reference",
    "operation": "an operation",
    "unary_operation": "an operation",
    "conditional": "a condition",
    "for_expr": "a for expression",
    "template_interpolation": "a template",
    "template_directive": "a template",
}


@dataclass(frozen=True)
class NonLiteral:
    description: str
    location: Location


def find_non_literals(source: Source, node: tree_sitter.Node) -> Iterator[NonLiteral]:
    """Yield the parts of an expression without a literal value. Comments between the parts are allowed."""
    inner = _unwrap_node(node)
    match inner.type:
        case "tuple":
            for item in _list_expressions(inner):
                yield from find_non_literals(source, item)
        case "object":
            for key, value in _list_pairs(inner):
                yield from _find_key_faults(source, key)
                yield from find_non_literals(source, value)
        case "string_lit" | "numeric_lit" | "bool_lit" | "null_lit":
            return
        case "quoted_template" | "heredoc_template":
            faults = (child for child in inner.named_children if child.type in _DESCRIPTION_BY_TYPE)
            yield from (NonLiteral(_DESCRIPTION_BY_TYPE[child.type], source.locate_node(child)) for child in faults)
        case _ if _find_negative_number(source, inner) is None:
            yield NonLiteral(_describe_expression(source, inner), source.locate_node(inner))


def _find_key_faults(source: Source, key: tree_sitter.Node) -> Iterator[NonLiteral]:
    if _unwrap_node(key).type != "variable_expr":  # a bare name is the key itself
        yield from find_non_literals(source, key)
    elif source.read_node(key).startswith("("):
        yield NonLiteral("a reference", source.locate_node(key))


def to_exact_value(source: Source, node: tree_sitter.Node, value: object) -> object:
    """Return the value with its numbers as written. Only for expressions without `find_non_literals`."""
    inner = _unwrap_node(node)
    if isinstance(value, list):
        return [to_exact_value(source, item, each) for item, each in zip(_list_expressions(inner), value, strict=True)]
    if isinstance(value, dict):
        nodes = {_parse_key(source, key): item for key, item in _list_pairs(inner)}
        return {name: to_exact_value(source, nodes[name], each) for name, each in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool):
        return parse_number(_find_negative_number(source, inner) or source.read_node(inner))
    return value


def _unwrap_node(node: tree_sitter.Node) -> tree_sitter.Node:
    while node.type in _WRAPPERS:
        parts = [child for child in node.children if child.type != "comment"]
        if len(parts) != 1:
            return node  # parentheses, an index, an attribute: more than its first part
        node = parts[0]
    return node


def _list_expressions(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    return [child for child in node.named_children if child.type == "expression"]


def _list_pairs(node: tree_sitter.Node) -> Iterator[tuple[tree_sitter.Node, tree_sitter.Node]]:
    for element in node.named_children:
        if element.type == "object_elem":
            key, value = _list_expressions(element)
            yield key, value


def _parse_key(source: Source, node: tree_sitter.Node) -> str:
    text = source.read_node(node)
    inner = _unwrap_node(node)
    if inner.type in {"string_lit", "quoted_template"} and ("\\" in text or "{" in text or not text.isascii()):
        return str(parse_attributes(b"key = " + text.encode())["key"])
    if inner.type == "string_lit":
        return text[1:-1]
    return str(next(iter(parse_attributes(b"a = {" + text.encode() + b" = 1}")["a"])))


def _find_negative_number(source: Source, node: tree_sitter.Node) -> str | None:
    """Return the text of a negative number; None for anything else."""
    text = "".join(source.read_node(node).split())
    is_operation = node.type in {"operation", "unary_operation"}
    return text if is_operation and text.startswith("-") and NUMBER.fullmatch(text) else None


def _describe_expression(source: Source, node: tree_sitter.Node) -> str:
    """Describe an expression, never with its text: the value may be sensitive."""
    if node.type == "function_call":
        return f"a call of the function {source.read_node(node.named_children[0])}()"
    first = node.named_children[0].type if node.named_children else ""
    if node.type == "expression" and first == "variable_expr":
        return "a reference"
    return _DESCRIPTION_BY_TYPE.get(node.type, "an expression")
