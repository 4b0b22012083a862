"""Evaluates expressions to the paths they may stand for, as far as the text shows."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from posixpath import dirname, normpath

import tree_sitter

from envctl.adapters.hcl.source import Source

MODULE, ROOT, CWD, HOME, UNKNOWN = "\x01", "\x02", "\x03", "\x04", "\x00"
"""Marks at the beginning of a path. A module's folder in the release stands between two MODULE marks."""

Values = frozenset[str]
LazyValues = Callable[[], Values]

_UNKNOWN_VALUES = frozenset({UNKNOWN})
_MAX_VALUES, _MAX_DEPTH = 16, 40
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_CHARACTER_BY_ESCAPE = {"n": "\n", "r": "\r", "t": "\t"}
_MARKED_PATH = re.compile("([\x02\x03])(/[^\\s\"']*)?|\x01([^\x01]*)\x01(/[^\\s\"']*)?")
GAP = r"(?:\s|(?>/\*.*?\*/)|(?:#|//)[^\n]*+)*+"
"""White space and comments, allowed between the words of code. It never gives a part back: a long line of `#` has too
many parts to try.
"""
_MARK_PATTERNS = tuple(
    (mark, re.compile(pattern.replace("_", GAP), re.DOTALL))
    for mark, pattern in ((ROOT, r"\bpath_\._root\b"), (CWD, r"\bpath_\._cwd\b"), (HOME, r"\bpathexpand_\("))
)
# They return one of their arguments, as the same path.
_PASS_THROUGH = frozenset({"coalesce", "try", "abspath", "nonsensitive", "sensitive", "tostring", "trimspace", "chomp"})
# They return a part of their first argument, or the last one.
_SELECTORS = frozenset({"element", "lookup", "one"})
_STRING_NODES = frozenset({"quoted_template", "heredoc_template", "string_lit"})


@dataclass
class Scope:
    """The names defined in the code of a folder, with their possible values. `root` is the folder of the root module
    that calls it, if that stays as it is.
    """

    folder: str
    locals: dict[str, LazyValues] = field(default_factory=dict)
    expressions: dict[str, tuple[Source, tree_sitter.Node]] = field(default_factory=dict)
    variables: dict[str, list[LazyValues]] = field(default_factory=dict)
    resolving: list[str] = field(default_factory=list)
    root: str | None = None

    def resolve_name(self, kind: str, name: str) -> Values:
        """Return the possible values of a local or a variable; circular references end as unknown."""
        key = f"{kind}.{name}"
        found = [self.locals[name]] if kind == "local" and name in self.locals else self.variables.get(name, [])
        values = self.resolve_once(key, lambda: frozenset(value for later in found for value in later()))
        # Settings may assign another value to a variable.
        return _unite_values(values if kind == "local" and found else values | _UNKNOWN_VALUES)

    def resolve_once(self, key: str, later: LazyValues) -> Values:
        """Return the values; unknown if evaluating them needs the same key again."""
        if key in self.resolving or len(self.resolving) > _MAX_DEPTH:
            return _UNKNOWN_VALUES
        self.resolving.append(key)
        try:
            return later()
        finally:
            self.resolving.pop()


def evaluate(source: Source, node: tree_sitter.Node, scope: Scope) -> Values:
    """Return every possible text of an expression, with marks for unknown parts."""
    parts = [child for child in node.named_children if child.type != "comment"]
    match node.type:
        case "expression" | "literal_value" | "template_expr" | "template_interpolation" if _strip_delimiters(parts):
            inner = _strip_delimiters(parts)
            return evaluate(source, inner[0], scope) if len(inner) == 1 else _evaluate_reference(source, inner, scope)
        case kind if kind in _STRING_NODES:
            return _evaluate_template(source, parts, scope)
        case "conditional":
            return _unite_values(*(evaluate(source, part, scope) for part in parts[1:]))
        case "function_call":
            return _evaluate_call(source, node, scope)
        case "variable_expr":
            return _UNKNOWN_VALUES
    return _collect_marks(source, node)


def _strip_delimiters(parts: list[tree_sitter.Node]) -> list[tree_sitter.Node]:
    return [part for part in parts if not part.type.endswith(("_start", "_end"))]


def _evaluate_template(source: Source, parts: list[tree_sitter.Node], scope: Scope) -> Values:
    pieces: list[Values] = []
    for part in parts:
        if part.type == "template_literal":
            text = source.read_node(part)
            is_quoted = part.parent is not None and part.parent.type != "heredoc_template"
            pieces.append(frozenset({unescape(text) if is_quoted else text}))
        elif part.type == "template_interpolation":
            pieces.append(evaluate(source, part, scope))
        elif part.type == "template_directive":
            pieces.append(_collect_marks(source, part))
    return _join_values(pieces)


def _join_values(pieces: list[Values]) -> Values:
    found: set[str] = set()
    for combination in product(*pieces):
        found.add("".join(combination))
        if len(found) >= _MAX_VALUES:
            break
    return frozenset(found)


def _evaluate_reference(source: Source, parts: list[tree_sitter.Node], scope: Scope) -> Values:
    """Evaluate a reference with attributes, such as `path.module` or `local.files`."""
    names = [source.read_node(part.named_children[-1] if part.named_children else part) for part in parts]
    match names:
        case ["path", "module"]:
            return frozenset({f"{MODULE}{scope.folder}{MODULE}"})
        case ["path", "root" | "cwd"] if scope.root is not None:
            # Terraform runs in the folder of the root.
            return frozenset({f"{MODULE}{scope.root}{MODULE}"})
        case ["path", "root"]:
            return frozenset({ROOT})
        case ["path", "cwd"]:
            return frozenset({CWD})
        case [("local" | "var") as kind, name]:
            return scope.resolve_name(kind, name)
    return _select_part(source, parts, (), scope)


def _select_part(source: Source, parts: list[tree_sitter.Node], further: Sequence[str | None], scope: Scope) -> Values:
    """Return the possible values of a part of a referenced value."""
    steps = [*(_read_step(source, part) for part in parts[1:]), *further]
    if parts[0].type != "variable_expr":
        return _select_values(source, parts[0], steps, scope)
    found = scope.expressions.get(steps[0] or "") if source.read_node(parts[0]) == "local" else None
    if found is None:
        return _UNKNOWN_VALUES
    return scope.resolve_once(f"part of local.{steps[0]}", lambda: _select_values(*found, steps[1:], scope))


def _read_step(source: Source, part: tree_sitter.Node, *, is_key: bool = False) -> str | None:
    """Return the name or number selecting a part; None if unknown. An unquoted name counts behind a dot and as a key
    only; elsewhere it is a reference.
    """
    text = source.read_node(part).strip(".[] \n\t")
    if part.type == "get_attr" or is_key:
        return text.strip('"') if re.fullmatch(r'[\w-]+|"[^"$%\\]*"', text) else None
    return text.strip('"') if re.fullmatch(r'[0-9]+|"[^"$%\\]*"', text) else None


def _select_values(source: Source, node: tree_sitter.Node, steps: Sequence[str | None], scope: Scope) -> Values:
    """Return the possible values of a part of a list or an object: those of all parts if the part is unknown."""
    while node.type in {"expression", "collection_value", "for_expr"} and len(node.named_children) == 1:
        node = node.named_children[0]
    if not steps:
        return evaluate(source, node, scope)
    if node.type == "tuple":
        parts = list_items(node) or []
        number = int(steps[0]) if steps[0] and steps[0].isdecimal() else len(parts)
        parts = parts[number : number + 1] or parts
    elif node.type == "object":
        pairs = [each.named_children for each in node.named_children if each.type == "object_elem"]
        keys = [(_read_step(source, pair[0], is_key=True), pair[-1]) for pair in pairs]
        parts = [value for key, value in keys if None in (key, steps[0]) or key == steps[0]]
    elif node.type == "for_tuple_expr":
        result, first_steps = _find_loop_result(source, node)
        return _select_values(source, result, [*first_steps, *steps[1:]], scope)
    elif node.type == "expression":
        return _select_part(source, _strip_delimiters(node.named_children), steps, scope)
    else:
        return _collect_marks(source, node)
    if not parts:
        return _UNKNOWN_VALUES
    return _unite_values(*(_select_values(source, part, steps[1:], scope) for part in parts))


def _find_loop_result(source: Source, node: tree_sitter.Node) -> tuple[tree_sitter.Node, list[None]]:
    """Return the result expression of a loop; or its items, with a step into one, if it returns them unchanged."""
    intro, result = [each for each in node.named_children if each.type in {"for_intro", "expression"}][:2]
    items = [each for each in intro.named_children if each.type == "expression"]
    names = [source.read_node(each) for each in intro.named_children if each.type == "identifier"]
    return (items[0], [None]) if items and source.read_node(result) in names else (result, [])


def _evaluate_call(source: Source, node: tree_sitter.Node, scope: Scope) -> Values:
    name, given = read_call(source, node)
    if name == "pathexpand":
        return frozenset({HOME})
    if name in _PASS_THROUGH and given:
        return _unite_values(*(evaluate(source, each, scope) for each in given))
    if name in _SELECTORS and given:
        key = _read_step(source, given[1]) if name == "lookup" and len(given) > 1 else None
        rest = [evaluate(source, each, scope) for each in given[2:]]
        return _unite_values(_select_values(source, given[0], [key], scope), *rest)
    if name == "dirname" and len(given) == 1:
        return frozenset(_to_parent(value) for value in evaluate(source, given[0], scope))
    if name == "basename" and len(given) == 1:
        return frozenset(_to_basename(value) for value in evaluate(source, given[0], scope))
    if name == "join" and len(given) == 2:  # noqa: PLR2004
        separators, items = evaluate(source, given[0], scope), list_items(given[1])
        if items is not None and len(separators) == 1:
            pieces: list[Values] = []
            for item in items:
                pieces += [separators, evaluate(source, item, scope)] if pieces else [evaluate(source, item, scope)]
            return _join_values(pieces)
    if name == "format" and given:
        return _evaluate_format(source, given, scope)
    return _collect_marks(source, node)


def _evaluate_format(source: Source, given: list[tree_sitter.Node], scope: Scope) -> Values:
    found: set[str] = set()
    for text in evaluate(source, given[0], scope):
        pieces: list[Values] = []
        for index, part in enumerate(re.split(r"%[sv]", text)):
            if 0 < index < len(given):
                pieces.append(evaluate(source, given[index], scope))
            pieces.append(frozenset({part}))
        found |= _join_values(pieces)
    return _unite_values(frozenset(found))


def _to_parent(value: str) -> str:
    if value.startswith(MODULE):
        folder, _, rest = value[1:].partition(MODULE)
        whole = normpath(f"{folder}{rest}") if UNKNOWN not in rest else folder
        return f"{MODULE}{dirname(whole) or ('..' if whole == '.' else '.')}{MODULE}"
    return dirname(value) if value and value[0] not in (ROOT, CWD, HOME, UNKNOWN) else value


def _to_basename(value: str) -> str:
    """Return the last part of a path; unknown if it holds a mark."""
    last = value.rstrip("/").rpartition("/")[2]
    return UNKNOWN if any(mark in last for mark in (MODULE, ROOT, CWD, HOME, UNKNOWN)) else last


def list_items(node: tree_sitter.Node) -> list[tree_sitter.Node] | None:
    while node.type in {"expression", "collection_value"} and len(node.named_children) == 1:
        node = node.named_children[0]
    return [child for child in node.named_children if child.type == "expression"] if node.type == "tuple" else None


def _collect_marks(source: Source, node: tree_sitter.Node) -> Values:
    """Return an unknown text with the marks in it that lead out of the release."""
    text = source.read_node(node)
    marks = "".join(mark for mark, word in _MARK_PATTERNS if word.search(text))
    return frozenset({UNKNOWN + marks})


def read_call(source: Source, call: tree_sitter.Node) -> tuple[str, list[tree_sitter.Node]]:
    """Return the name of the called function, without the namespace `core::`, and its arguments."""
    given = [child for child in call.named_children if child.type == "function_arguments"]
    arguments = [child for each in given for child in each.named_children if child.type == "expression"]
    return source.read_node(call.named_children[0]).removeprefix("core::"), arguments


def unescape(text: str) -> str:
    def resolve(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16) % 0x110000) if code else _CHARACTER_BY_ESCAPE.get(match[3], match[3])

    return _ESCAPE.sub(resolve, text) if "\\" in text else text


def _unite_values(*pieces: Values) -> Values:
    """Return all values, or the first ones of too many."""
    values = frozenset[str]().union(*pieces)
    return frozenset(sorted(values)[:_MAX_VALUES]) if len(values) > _MAX_VALUES else values


def explain_read(values: Values) -> str:
    """Return the place outside of the release a function with this path reads; empty if none."""
    return next((reason for value in sorted(values) if (reason := _explain_value(value.strip()))), "")


def _explain_value(value: str) -> str:
    if HOME in value or value.startswith("~"):
        return "the home folder"
    for mark, name in ((ROOT, "path.root"), (CWD, "path.cwd")):
        if mark in value:
            return name
    if value.startswith("/"):
        return "an absolute path"
    if value.startswith(MODULE):
        return explain_leaving(frozenset({value}))
    if not value or value.startswith(UNKNOWN):
        return ""
    return "a path without ${path.module}, in the working folder"


def explain_leaving(values: Values, *, is_path: bool = False) -> str:
    """Explain how a text leads out of the release; empty if it does not. With `is_path`, an absolute one does."""
    for value in sorted(values):
        if is_path and value.strip().startswith(("/", "~", HOME)):
            return "an absolute path" if value.strip().startswith("/") else "the home folder"
        if is_path and UNKNOWN not in value and value[:1] not in (MODULE, ROOT, CWD) and _is_outside("", value.strip()):
            return "a path outside the release"
        for mark, below, folder, rest in _MARKED_PATH.findall(value):
            if _is_outside("" if mark else folder, (below if mark else rest).lstrip("/")):
                return "a path outside the release"
    return ""


def find_marked_paths(text: str) -> Iterator[str]:
    """Yield the paths in a text that begin with the folder of a module, as `folder/rest` of the release."""
    for mark, _, folder, rest in _MARKED_PATH.findall(text):
        if not mark:
            yield f"{folder or '.'}/{rest.lstrip('/')}"


def _is_outside(folder: str, below: str) -> bool:
    known = below.partition(UNKNOWN)[0]
    return normpath(f"{folder or '.'}/{known}").split("/")[0] == ".."


def walk_nodes(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += node.named_children
