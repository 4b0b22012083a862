"""The path that an expression stands for, as far as its text tells."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from posixpath import dirname, normpath

import tree_sitter

from envctl.adapters.hcl.source import Source

MODULE, ROOT, CWD, HOME, UNKNOWN = "\x01", "\x02", "\x03", "\x04", "\x00"
"""What a path can begin with. A module's folder in the release stands between two MODULE marks."""

Values = frozenset[str]
Later = Callable[[], Values]

_SOMETHING = frozenset({UNKNOWN})
_MOST, _DEEPEST = 16, 40
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t"}
_LEAVING = re.compile("([\x02\x03])(/[^\\s\"']*)?|\x01([^\x01]*)\x01(/[^\\s\"']*)?")
_GAP = r"(?:\s|/\*.*?\*/|(?:#|//)[^\n]*)*"
_MARKED = tuple(
    (mark, re.compile(pattern.replace("_", _GAP), re.DOTALL))
    for mark, pattern in ((ROOT, r"\bpath_\._root\b"), (CWD, r"\bpath_\._cwd\b"), (HOME, r"\bpathexpand_\("))
)
# They give what they are given, or one of it.
_ALTERNATIVES = frozenset({"coalesce", "try", "abspath", "nonsensitive", "sensitive", "tostring", "trimspace", "chomp"})
# They give a part of their first argument, or the last one.
_PARTS = frozenset({"element", "lookup", "one"})
_STRINGS = frozenset({"quoted_template", "heredoc_template", "string_lit"})


@dataclass
class Scope:
    """The names that the code of one folder can use."""

    folder: str
    locals: dict[str, Later] = field(default_factory=dict)
    expressions: dict[str, tuple[Source, tree_sitter.Node]] = field(default_factory=dict)
    variables: dict[str, list[Later]] = field(default_factory=dict)
    following: list[str] = field(default_factory=list)

    def follow(self, kind: str, name: str) -> Values:
        """Returns what a local or a variable may hold; names that need each other end as unknown."""
        key = f"{kind}.{name}"
        found = [self.locals[name]] if kind == "local" and name in self.locals else self.variables.get(name, [])
        values = self.guard(key, lambda: frozenset(value for later in found for value in later()))
        # A variable may be set to something else by the settings.
        return _few(values if kind == "local" and found else values | _SOMETHING)

    def guard(self, key: str, later: Later) -> Values:
        """Returns what is found, or unknown where it leads back to itself."""
        if key in self.following or len(self.following) > _DEEPEST:
            return _SOMETHING
        self.following.append(key)
        try:
            return later()
        finally:
            self.following.pop()


def evaluate(source: Source, node: tree_sitter.Node, scope: Scope) -> Values:
    """Returns every text that the expression may have, with marks for what is not known."""
    parts = [child for child in node.named_children if child.type != "comment"]
    match node.type:
        case "expression" | "literal_value" | "template_expr" | "template_interpolation" if _inner(parts):
            inner = _inner(parts)
            return evaluate(source, inner[0], scope) if len(inner) == 1 else _refer(source, inner, scope)
        case kind if kind in _STRINGS:
            return _join(source, parts, scope)
        case "conditional":
            return _few(frozenset().union(*(evaluate(source, part, scope) for part in parts[1:])))
        case "function_call":
            return _call(source, node, scope)
        case "variable_expr":
            return _SOMETHING
    return _with_marks(source, node)


def _inner(parts: list[tree_sitter.Node]) -> list[tree_sitter.Node]:
    return [part for part in parts if not part.type.endswith(("_start", "_end"))]


def _join(source: Source, parts: list[tree_sitter.Node], scope: Scope) -> Values:
    pieces: list[Values] = []
    for part in parts:
        if part.type == "template_literal":
            text = source.text(part)
            is_quoted = part.parent is not None and part.parent.type != "heredoc_template"
            pieces.append(frozenset({unescape(text) if is_quoted else text}))
        elif part.type == "template_interpolation":
            pieces.append(evaluate(source, part, scope))
        elif part.type == "template_directive":
            pieces.append(_with_marks(source, part))
    return _concatenate(pieces)


def _concatenate(pieces: list[Values]) -> Values:
    found: set[str] = set()
    for combination in product(*pieces):
        found.add("".join(combination))
        if len(found) >= _MOST:
            break
    return frozenset(found)


def _refer(source: Source, parts: list[tree_sitter.Node], scope: Scope) -> Values:
    """A reference with attributes, as `path.module` or `local.files`."""
    names = [source.text(part.named_children[-1] if part.named_children else part) for part in parts]
    match names:
        case ["path", "module"]:
            return frozenset({f"{MODULE}{scope.folder}{MODULE}"})
        case ["path", "root"]:
            return frozenset({ROOT})
        case ["path", "cwd"]:
            return frozenset({CWD})
        case ["local", name]:
            return scope.follow("local", name)
        case ["var", name]:
            return scope.follow("var", name)
    return _select_part(source, parts, (), scope)


def _select_part(source: Source, parts: list[tree_sitter.Node], further: Sequence[str | None], scope: Scope) -> Values:
    """Returns what a part may be of what a reference leads to."""
    steps = [*(_step(source, part) for part in parts[1:]), *further]
    if parts[0].type != "variable_expr":
        return _select(source, parts[0], steps, scope)
    found = scope.expressions.get(steps[0] or "") if source.text(parts[0]) == "local" else None
    if found is None:
        return _SOMETHING
    return scope.guard(f"part of local.{steps[0]}", lambda: _select(*found, steps[1:], scope))


def _step(source: Source, part: tree_sitter.Node, *, is_key: bool = False) -> str | None:
    """Returns the name or the number that selects a part, or None where it is only known later. A name without quotes
    is one behind a dot and as a key; elsewhere it stands for something else.
    """
    text = source.text(part).strip(".[] \n\t")
    if part.type == "get_attr" or is_key:
        return text.strip('"') if re.fullmatch(r'[\w-]+|"[^"$%\\]*"', text) else None
    return text.strip('"') if re.fullmatch(r'[0-9]+|"[^"$%\\]*"', text) else None


def _select(source: Source, node: tree_sitter.Node, steps: Sequence[str | None], scope: Scope) -> Values:
    """Returns what a part of a list or an object may be: of all parts, where it is not known which."""
    while node.type in {"expression", "collection_value", "for_expr"} and len(node.named_children) == 1:
        node = node.named_children[0]
    if not steps:
        return evaluate(source, node, scope)
    if node.type == "tuple":
        parts = _items(node) or []
        number = int(steps[0]) if steps[0] and steps[0].isdecimal() else len(parts)
        parts = parts[number : number + 1] or parts
    elif node.type == "object":
        pairs = [each.named_children for each in node.named_children if each.type == "object_elem"]
        keys = [(_step(source, pair[0], is_key=True), pair[-1]) for pair in pairs]
        parts = [value for key, value in keys if None in (key, steps[0]) or key == steps[0]]
    elif node.type == "for_tuple_expr":
        made, each = _made(source, node)
        return _select(source, made, [*each, *steps[1:]], scope)
    elif node.type == "expression":
        return _select_part(source, _inner(node.named_children), steps, scope)
    else:
        return _with_marks(source, node)
    return _few(
        frozenset().union(
            *([] if parts else [_SOMETHING]), *(_select(source, part, steps[1:], scope) for part in parts)
        )
    )


def _made(source: Source, node: tree_sitter.Node) -> tuple[tree_sitter.Node, list[None]]:
    """Returns what a loop makes of each item; or the items, of which a part is meant then."""
    intro, made = [each for each in node.named_children if each.type in {"for_intro", "expression"}][:2]
    items = [each for each in intro.named_children if each.type == "expression"]
    names = [source.text(each) for each in intro.named_children if each.type == "identifier"]
    return (items[0], [None]) if items and source.text(made) in names else (made, [])


def _call(source: Source, node: tree_sitter.Node, scope: Scope) -> Values:
    name, given = name_of(source, node), arguments_of(node)
    if name == "pathexpand":
        return frozenset({HOME})
    if name in _ALTERNATIVES and given:
        return _few(frozenset().union(*(evaluate(source, each, scope) for each in given)))
    if name in _PARTS and given:
        key = _step(source, given[1]) if name == "lookup" and len(given) > 1 else None
        rest = [evaluate(source, each, scope) for each in given[2:]]
        return _few(frozenset().union(_select(source, given[0], [key], scope), *rest))
    if name == "dirname" and len(given) == 1:
        return frozenset(_parent(value) for value in evaluate(source, given[0], scope))
    if name == "basename" and len(given) == 1:
        return frozenset(_last_part(value) for value in evaluate(source, given[0], scope))
    if name == "join" and len(given) == 2:  # noqa: PLR2004
        separators, items = evaluate(source, given[0], scope), _items(given[1])
        if items is not None and len(separators) == 1:
            pieces: list[Values] = []
            for item in items:
                pieces += [separators, evaluate(source, item, scope)] if pieces else [evaluate(source, item, scope)]
            return _concatenate(pieces)
    if name == "format" and given:
        return _format(source, given, scope)
    return _with_marks(source, node)


def _format(source: Source, given: list[tree_sitter.Node], scope: Scope) -> Values:
    rest = iter(given[1:])
    found: set[str] = set()
    for text in evaluate(source, given[0], scope):
        pieces: list[Values] = []
        for index, part in enumerate(re.split(r"%[sv]", text)):
            argument = next(rest, None) if index else None
            if argument is not None:
                pieces.append(evaluate(source, argument, scope))
            pieces.append(frozenset({part}))
        found |= _concatenate(pieces)
    return _few(frozenset(found))


def _parent(value: str) -> str:
    if value.startswith(MODULE):
        folder, _, rest = value[1:].partition(MODULE)
        whole = normpath(f"{folder}{rest}") if UNKNOWN not in rest else folder
        return f"{MODULE}{dirname(whole) or ('..' if whole == '.' else '.')}{MODULE}"
    return dirname(value) if value and value[0] not in (ROOT, CWD, HOME, UNKNOWN) else value


def _last_part(value: str) -> str:
    """The name of a file or folder alone: it tells nothing of where that lies."""
    last = value.rstrip("/").rpartition("/")[2]
    return UNKNOWN if any(mark in last for mark in (MODULE, ROOT, CWD, HOME, UNKNOWN)) else last


def _items(node: tree_sitter.Node) -> list[tree_sitter.Node] | None:
    while node.type in {"expression", "collection_value"} and len(node.named_children) == 1:
        node = node.named_children[0]
    return [child for child in node.named_children if child.type == "expression"] if node.type == "tuple" else None


def _with_marks(source: Source, node: tree_sitter.Node) -> Values:
    """Unknown, with what in it leads out of the release."""
    text = source.text(node)
    marks = "".join(mark for mark, word in _MARKED if word.search(text))
    return frozenset({UNKNOWN + marks})


def name_of(source: Source, call: tree_sitter.Node) -> str:
    """Returns the name of the function that is called; `core::` says what is said without it, too."""
    return source.text(call.named_children[0]).removeprefix("core::")


def arguments_of(call: tree_sitter.Node) -> list[tree_sitter.Node]:
    given = [child for child in call.named_children if child.type == "function_arguments"]
    return [child for each in given for child in each.named_children if child.type == "expression"]


def unescape(text: str) -> str:
    def sign(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16) % 0x110000) if code else _SIGNS.get(match[3], match[3])

    return _ESCAPE.sub(sign, text) if "\\" in text else text


def _few(values: Values) -> Values:
    return frozenset(sorted(values)[:_MOST]) if len(values) > _MOST else values


def explain_read(values: Values) -> str:
    """Returns what is read outside of the release where a function is given this path, or an empty text."""
    return next((reason for value in sorted(values) if (reason := _explain(value.strip()))), "")


def _explain(value: str) -> str:
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
    return "a path without ${path.module}, which is one in the working folder"


def explain_leaving(values: Values, *, is_path: bool = False) -> str:
    """Returns how a text leads out of the release, or an empty text. One that is a path may be absolute, too."""
    for value in sorted(values):
        if is_path and value.strip().startswith(("/", "~", HOME)):
            return "an absolute path" if value.strip().startswith("/") else "the home folder"
        if is_path and UNKNOWN not in value and value[:1] not in (MODULE, ROOT, CWD) and _leaves("", value.strip()):
            return "a path that leaves the release"
        for mark, below, folder, rest in _LEAVING.findall(value):
            if mark and _leaves("", (below or "").lstrip("/")):
                return "a path that leaves the release"
            if not mark and _leaves(folder, (rest or "").lstrip("/")):
                return "a path that leaves the release"
    return ""


def _leaves(folder: str, below: str) -> bool:
    known = below.partition(UNKNOWN)[0]
    return normpath(f"{folder or '.'}/{known}").split("/")[0] == ".."


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    stack = [node]
    while stack:
        node = stack.pop()
        yield node
        stack += node.named_children
