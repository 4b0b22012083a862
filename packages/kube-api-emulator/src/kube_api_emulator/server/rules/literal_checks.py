"""What cel-go checks of literals besides types: the arguments of `format`, and that a list or a map has one type.

Source: github.com/google/cel-go v0.26.0, ext/formatting.go (Validate, parseFormattingClause,
matchConstantFormatStringWithListLiteralArgs), cel/validator.go (ValidateHomogeneousAggregateLiterals, typeMismatch).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_TOKEN = re.compile(
    r"(?P<text>[rR]?(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"))|(?P<open>[\[({])|(?P<close>[\])}])|(?P<comma>,)|(?P<colon>:)"
)
_NUMBERS = (
    (re.compile(r"-?(?:\d+|0x[0-9a-fA-F]+)"), "int"),
    (re.compile(r"(?:\d+|0x[0-9a-fA-F]+)[uU]"), "uint"),
    (re.compile(r"-?(?:\d+\.\d+|\d+)(?:[eE][+-]?\d+)?"), "double"),
    (re.compile(r"true|false"), "bool"),
    (re.compile(r"null"), "null"),
    (re.compile(r"[rR]?(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"), "string"),
    (re.compile(r"dyn\(.*\)"), "dyn"),
)
_OBJECT = re.compile(r"(?:object|oldObject)(?:\.\w+)*")
_CLAUSE = re.compile(r"%(?P<percent>%)|%(?:\.\d*)?(?P<letter>.)?", re.DOTALL)
# The types that each clause takes, and the words of its refusal.
_CLAUSES = {
    "s": ((), ""),
    "d": (("int", "uint"), "decimal clause can only be used on integers"),
    "f": (("double", "string"), "fixed-point clause can only be used on doubles"),
    "e": (("double", "string"), "scientific clause can only be used on doubles"),
    "b": (("int", "uint", "bool"), "only integers and bools can be formatted as binary"),
    "x": (("int", "uint", "string", "bytes"), "only integers, byte buffers, and strings can be formatted as hex"),
    "X": (("int", "uint", "string", "bytes"), "only integers, byte buffers, and strings can be formatted as hex"),
    "o": (("int", "uint"), "octal clause can only be used on integers"),
}


@dataclass
class _Literal:
    """A list or a map in brackets.

    Attributes:
        parts: start and end of each element; of keys and values in turn in a map.
        is_exempt: whether it is an argument of `format`.
    """

    start: int
    kind: str
    is_exempt: bool
    parts: list[tuple[int, int]] = field(default_factory=list)


def find_literal_problems(text: str, *, is_policy: bool) -> list[tuple[int, str]]:
    """Return places and problems of literals. The fields of an object have no types in a policy."""
    literals = sorted(_list_literals(text), key=lambda literal: literal.start)
    problems: list[tuple[int, str]] = []
    for literal in literals:
        if literal.is_exempt:
            problems += _check_format(text, literal)
        elif literal.kind == "[":
            problems += _check_types(text, literal.parts, is_policy=is_policy)
        elif "?" not in text:
            # The colon of a condition looks like that of a map.
            problems += _check_types(text, literal.parts[::2], is_policy=is_policy)
            problems += _check_types(text, literal.parts[1::2], is_policy=is_policy)
    return problems


def _list_literals(text: str) -> Iterator[_Literal]:
    """Yield the literals of lists and maps, those in arguments of `format` only as the list of arguments."""
    stack: list[tuple[_Literal | None, int]] = []
    depth_of_format = 0
    for token in _TOKEN.finditer(text):
        before = text[: token.start()].rstrip()
        if token["open"]:
            is_index = token["open"] == "(" or (token["open"] == "[" and bool(re.search(r"[\w\])'\"]$", before)))
            is_format = token["open"] == "[" and before.endswith(".format(")
            hidden = bool(depth_of_format) and not is_format
            is_none = (is_index and not is_format) or hidden
            literal = None if is_none else _Literal(token.start(), token["open"], is_format)
            depth_of_format += bool(is_format or depth_of_format)
            stack.append((literal, token.end()))
        elif stack and (token["comma"] or token["colon"] or token["close"]):
            literal, start = stack[-1]
            is_part = literal is not None and (token["colon"] is None or literal.kind == "{")
            if is_part and literal is not None and text[start : token.start()].strip():
                literal.parts.append(_strip(text, start, token.start()))
            if is_part or token["comma"]:
                stack[-1] = (literal, token.end())
            if token["close"]:
                stack.pop()
                depth_of_format = max(0, depth_of_format - 1)
                if literal is not None:
                    yield literal


def _strip(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())


def _name_type(text: str, *, is_policy: bool) -> str:
    """Return the type of a simple literal; empty for anything else."""
    for pattern, name in _NUMBERS:
        if pattern.fullmatch(text):
            return name
    if text.startswith("["):
        return _name_list_type(text, is_policy=is_policy)
    return "dyn" if is_policy and _OBJECT.fullmatch(text) else ""


def _name_list_type(text: str, *, is_policy: bool) -> str:
    """Return the type of a list of simple literals of one type, as in `list(int)`; empty for anything else."""
    whole = next((each for each in _list_literals(text) if each.start == 0), None)
    if whole is None or not whole.parts or text[whole.parts[-1][1] :].strip() != "]":
        return ""
    types = {_name_type(text[start:end], is_policy=is_policy) for start, end in whole.parts}
    return f"list({types.pop()})" if len(types) == 1 and not types & {"", "dyn"} else ""


def _check_types(text: str, parts: Sequence[tuple[int, int]], *, is_policy: bool) -> Iterator[tuple[int, str]]:
    first = ""
    for start, end in parts:
        found = _name_type(text[start:end], is_policy=is_policy)
        if not found:
            return
        first = first or found
        if found not in (first, "dyn"):
            yield start, f"expected type '{first}' but found '{found}'"
            return


def _check_format(text: str, literal: _Literal) -> Iterator[tuple[int, str]]:
    call = text[: literal.start].rstrip().removesuffix("(").removesuffix(".format")
    found = re.search(r"(?:'(?P<one>(?:[^'\\\n]|\\.)*)'|\"(?P<two>(?:[^\"\\\n]|\\.)*)\")\Z", call)
    if found is None:
        return
    place, taken = len(call) + len(".format"), 0
    for clause in _CLAUSE.finditer(found["one"] or found["two"] or ""):
        if clause["percent"]:
            continue
        if taken >= len(literal.parts):
            yield place, f"index {taken} out of range"
            return
        if clause["letter"] not in _CLAUSES:
            shown = f'unrecognized formatting clause "{clause["letter"] or ""}"'
            yield place, f"could not parse formatting clause: {shown}"
            return
        types, problem = _CLAUSES[clause["letter"]]
        start, end = literal.parts[taken]
        given = _name_type(text[start:end], is_policy=False)
        if types and given and given not in (*types, "dyn"):
            yield start, f"error during formatting: {problem}, was given {given}"
            return
        taken += 1
    if len(literal.parts) > taken:
        yield place, f"too many arguments supplied to string.format (expected {taken}, got {len(literal.parts)})"
