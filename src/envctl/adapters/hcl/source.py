"""An HCL file, parsed twice: by HashiCorp's parser for verdict and values, by tree-sitter for locations.

Settings files are read here too: names and literal values. HashiCorp's parser (pygohcl) is right about syntax and text,
but it gives no locations, turns decimals into floats, and returns expressions as if they were strings. The tree of
tree-sitter shows if a value is literal.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

import pygohcl
import tree_sitter
import tree_sitter_hcl

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.literals import NUMBER, parse_number, quote_string
from envctl.domain.terraform.variables import Assignment, SettingsFile

_BOM = b"\xef\xbb\xbf"
# Valid HCL outside of tree-sitter's grammar: an exponent without a fraction (1e5), and several dollars before an
# escaped template ($$${x}). For the tree alone, plain characters of the same length replace them.
_UNSUPPORTED_BY_TREE = re.compile(rb"(?<!\w)\d+[eE][+-]?\d+|\${2,}\{|%{2,}\{")
_DIAGNOSTIC = re.compile(r"tmp\.hcl:(\d+),\d+-(?:\d+,)?\d+: ")
_MENTION = re.compile(r"at tmp\.hcl:(\d+),\d+-(?:\d+,)?\d+")
_KEYWORDS = frozenset({"true", "false", "null"})
_UNQUOTED = re.compile(r"""\s*([\w-]+)\s*=\s*[^\s"\[{(<#]""")
_NOT_CLOSED = "a quote is not closed"
_OPEN_QUOTE = ("Invalid multi-line string", "Unterminated template string")
_WRAPPERS = frozenset({"expression", "literal_value", "collection_value", "template_expr"})
_WORD = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*")
_REFERENCE_ROOTS = frozenset({"data", "each", "local", "module", "path", "self", "terraform", "var"})
_DESCRIPTION_BY_TYPE = {
    "variable_expr": "a reference",
    "operation": "an operation",
    "unary_operation": "an operation",
    "conditional": "a condition",
    "for_expr": "a for expression",
    "template_interpolation": "a template",
    "template_directive": "a template",
}


class Source:
    """A parsed file. Raises ConfigurationError if it is not text in UTF-8."""

    def __init__(self, data: bytes, name: str) -> None:
        self.name = name
        self.data = data.removeprefix(_BOM)
        at = self.data.find(b"\0")  # pygohcl would silently stop there
        try:
            self.data.decode()
        except UnicodeDecodeError as error:
            at = error.start
        if at >= 0:
            location = Location(self.name, self.data.count(b"\n", 0, at) + 1)
            raise ConfigurationError(Problem("E201", "this file is not UTF-8 text", "save the file as UTF-8", location))
        plain = _UNSUPPORTED_BY_TREE.sub(lambda found: b"1" * len(found[0]), self.data)
        self.root = _load_parser().parse(plain).root_node

    def locate_node(self, node: tree_sitter.Node) -> Location:
        return Location(self.name, node.start_point.row + 1)

    def read_node(self, node: tree_sitter.Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode()

    def to_problems(self, message: str) -> list[Problem]:
        """Split the diagnostics of pygohcl, given as one line, into problems."""
        parts = _DIAGNOSTIC.split(message.removeprefix("invalid HCL: "))
        found = []
        for line, text in zip(parts[1::2], parts[2::2], strict=True):
            summary, _, detail = text.rstrip(", ").partition("; ")
            hint = " ".join(_MENTION.sub(r"on line \1", detail).split()) or "correct the syntax there"
            found.append(Problem("E201", f"syntax error: {summary}", hint, Location(self.name, int(line))))
        if not found:
            hint = "simplify the latest changes"
            found = [Problem("E201", f"the file can't be read: {message}", hint, Location(self.name))]
        found = sorted(dict.fromkeys(found), key=lambda problem: problem.location or Location(""))
        for position, problem in enumerate(found):
            if problem.message.endswith(_OPEN_QUOTE):
                # All that follows comes of this one.
                hint = 'close the text with " on the same line'
                found = [*found[:position], Problem("E201", _NOT_CLOSED, hint, problem.location)]
                break
        # What follows on the same line comes of the first error there.
        lines = [problem.location.line if problem.location else 0 for problem in found]
        return [problem for position, problem in enumerate(found) if lines[position] not in lines[:position]]


# Variables and their validation blocks are read one after the other.
@lru_cache(maxsize=128)
def load_source(data: bytes, name: str) -> Source:
    """Return the parsed file. Raises ConfigurationError if it is not text in UTF-8."""
    return Source(data, name)


@cache
def _load_parser() -> tree_sitter.Parser:
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_hcl.language()))


def parse_attributes(data: bytes) -> dict[str, Any]:
    """Parse literal attributes. Raises pygohcl.HCLParseError, for too large numbers too."""
    try:
        found: dict[str, Any] = pygohcl.attributes_loadb(data)
    except ValueError as error:
        raise pygohcl.HCLParseError("a number has too many digits") from error
    return found


def list_body(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """Return the attributes and blocks of a file or a block."""
    bodies = [child for child in node.named_children if child.type == "body"]
    return [child for body in bodies for child in body.named_children if child.type in {"attribute", "block"}]


def list_attributes(nodes: list[tree_sitter.Node], source: Source) -> Iterator[tuple[str, tree_sitter.Node]]:
    """Yield names and expressions of the attributes among the nodes."""
    for node in nodes:
        if node.type == "attribute":
            identifier, expression = node.named_children[0], node.named_children[-1]
            yield source.read_node(identifier), expression


@dataclass(frozen=True)
class NonLiteral:
    """A part without a literal value. `word` is its text if that may be a text without quotes."""

    description: str
    location: Location
    word: str = field(default="", repr=False)


def find_non_literals(source: Source, node: tree_sitter.Node) -> Iterator[NonLiteral]:
    """Yield the parts of an expression without a literal value. Comments between the parts are allowed."""
    inner = _unwrap_node(node)
    match inner.type:
        case "tuple":
            for item in _list_expressions(inner):
                yield from find_non_literals(source, item)
        case "object":
            for key, value in _list_pairs(inner):
                if _unwrap_node(key).type != "variable_expr":  # a bare name is the key itself
                    yield from find_non_literals(source, key)
                elif source.read_node(key).startswith("("):
                    yield NonLiteral("a reference", source.locate_node(key))
                yield from find_non_literals(source, value)
        case "string_lit" | "numeric_lit" | "bool_lit" | "null_lit":
            return
        case "quoted_template" | "heredoc_template":
            faults = (child for child in inner.named_children if child.type in _DESCRIPTION_BY_TYPE)
            yield from (NonLiteral(_DESCRIPTION_BY_TYPE[child.type], source.locate_node(child)) for child in faults)
        case _ if _find_negative_number(source, inner) is None:
            text = source.read_node(inner)
            is_word = _WORD.fullmatch(text) and text.partition(".")[0] not in _REFERENCE_ROOTS
            described = "text without quotes" if is_word else _describe_expression(source, inner)
            yield NonLiteral(described, source.locate_node(inner), text if is_word else "")


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
    """Return the only part of a node, and of that part, as deep as there is one. Comments do not count."""
    while node.type in _WRAPPERS:
        part = None
        for child in node.children:
            if child.type == "comment":
                continue
            if part is not None:
                return node  # parentheses, an index, an attribute: more than its first part
            part = child
        if part is None:
            return node
        node = part
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


# A command reads the same files several times.
@lru_cache(maxsize=64)
def read_settings(data: bytes, name: str, public: frozenset[str] = frozenset()) -> SettingsFile:
    """Read a settings file. Raises ConfigurationError with all problems: they show values of `public` names alone."""
    try:
        return _parse_settings(data, name, public)
    except RecursionError:
        problem = Problem("E201", "a value is nested too deeply", "use fewer levels", Location(name))
        raise ConfigurationError(problem) from None


def _parse_settings(data: bytes, name: str, public: frozenset[str]) -> SettingsFile:
    source = Source(data, name)
    problems = _find_invalid_settings(source, public)
    try:
        values = parse_attributes(source.data)
    except pygohcl.HCLParseError as error:
        # Values that are not literal have a message of ours; other errors keep HashiCorp's.
        is_syntax = "invalid HCL" in str(error) or not problems
        found = [_hint_at_quotes(source, each) for each in source.to_problems(str(error))] if is_syntax else problems
        raise ConfigurationError(*found) from None
    if not problems and source.root.has_error:
        hint = "write one `name = value` on each line"
        problems = [Problem("E201", "this file can't be read", hint, source.locate_node(source.root))]
    if problems:
        raise ConfigurationError(*problems)
    assignments = (
        Assignment(key, to_exact_value(source, node, values[key]), source.locate_node(node.parent or node))
        for key, node in list_attributes(list_body(source.root), source)
    )
    return SettingsFile(name, tuple(assignments))


def _find_invalid_settings(source: Source, public: frozenset[str]) -> list[Problem]:
    problems = []
    for node in list_body(source.root):
        if node.type == "block":
            message = f"a settings file must not have blocks such as {source.read_node(node.named_children[0])}"
            hint = "write `name = value`; blocks belong in a module"
            problems.append(Problem("E202", message, hint, source.locate_node(node)))
    for key, expression in list_attributes(list_body(source.root), source):
        for fault in find_non_literals(source, expression):
            message = f"{key} holds {fault.description}; a settings file may contain only literal values"
            hint = _suggest_value(fault.word, is_shown=key in public)
            problems.append(Problem("E202", message, hint, fault.location))
    return sorted(problems, key=lambda problem: (problem.location.line or 0) if problem.location else 0)


def _suggest_value(word: str, *, is_shown: bool) -> str:
    if not word:
        return "write the value itself; compute values in the module"
    if word.lower() in _KEYWORDS:
        return f"did you mean {word.lower()}?"
    return f"did you mean {quote_string(word)}?" if is_shown else "put the text in quotes"


def _hint_at_quotes(source: Source, problem: Problem) -> Problem:
    """Add to a syntax error at a value without quotes that a text needs them."""
    line = problem.location.line if problem.location else None
    text = source.data.split(b"\n")[line - 1].decode() if line else ""
    if problem.code == "E201" and (found := _UNQUOTED.match(text)):
        written = f'{found[1]} = "…"'
        if problem.message == _NOT_CLOSED:
            return replace(problem, hint=f"the quote at its beginning is missing: {written}")
        return replace(problem, hint=f"{problem.hint} Text stands in double quotes: {written}")
    return problem
