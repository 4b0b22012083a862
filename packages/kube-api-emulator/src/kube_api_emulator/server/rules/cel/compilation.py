"""Whether expressions of policies and custom kinds can be compiled, in the words of kube-apiserver.

Source: k8s.io/apiserver v0.36.2, pkg/admission/plugin/cel/compile.go (CompileCELExpression); github.com/google/cel-go
v0.26.0, checker/errors.go (undeclaredReference, noMatchingOverload, undefinedField), common/error.go (ToDisplayString).
"""

import re
from collections.abc import Callable, Mapping, Sequence

from kube_api_emulator.server.rules.cel.expressions import list_compilation_problems, split_types
from kube_api_emulator.server.rules.cel.request_fields import find_field_problems
from kube_api_emulator.server.rules.go.go_times import find_time_problem

_UNDECLARED = re.compile(r"undeclared reference to '(?P<name>[^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '(?P<name>[^']*)' applied to '(?P<types>[^']*)'")
_PATH = re.compile(r"ERROR: <input>:1:(?P<column>\d+): undeclared reference to '(?P<path>\w+(?:\.\w+)+)'")
_CONDITION = re.compile(
    r"ERROR: <input>:1:(?P<column>\d+): found no matching overload for "
    r"'_(?:&&|\|\|)_' applied to '\(bool, (?P<type>\w+)\)'"
)
# Functions that the package for CEL does not have, or has for fewer types.
_FUNCTIONS = frozenset(
    {
        *("transformList", "transformMap", "transformMapEntry", "existsOne", "sortBy", "JSONPatch", "Object"),
        *("string", "indexOf", "lastIndexOf", "reverse"),
    }
)
_CALL = re.compile(
    r"(?P<start>ERROR: <input>:(?P<row>\d+):(?P<column>\d+): "
    r"found no matching overload for '(?P<name>\w+)' applied to )"
    r"'\((?P<types>[^']*)\)'"
)
_SHORT_TYPES = {
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
    "null_type": "null",
}
_SOUGHT = re.compile(r"\bhas(?P<place>\()\s*\Z")
# A macro with two variables.
_PAIRS = re.compile(r"\.(?:all|exists|existsOne|exists_one)\(\s*\w+\s*,\s*\w+\s*,")
_RANGE = re.compile(r"\nERROR: [^\n]*: expression of type '\*error\*' cannot be the range [^\n]*\n[^\n]*\n[^\n]*\^")
_LITERAL = re.compile(r"\b(?P<call>matches|duration|timestamp)\(\s*(?P<quote>['\"])(?P<text>[^'\"\\]*)(?P=quote)\s*\)")
_DURATION = re.compile(r"[+-]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
# Variables whose fields have types in Kubernetes.
_OBJECTS = ("request", "namespaceObject", "authorizer")


def find_compilation_problem(text: str, variables: Mapping[str, str]) -> str:
    """Return why an expression can't be compiled; empty if it can. `variables` have the names of their types."""
    problem, _ = list_compilation_problems(text, variables)
    if not problem:
        wrong = find_field_problems(text) if "request" in variables else ()
        found = "\n".join(_locate(text, place, what) for place, what in wrong) or _find_invalid_literal(text)
        return f"compilation failed: {found}" if found else ""
    if _PAIRS.search(text) or any(name in _FUNCTIONS for name in _UNDECLARED.findall(problem)):
        return ""
    if any(name in _FUNCTIONS or "dyn" in types or "*" in types for name, types in _OVERLOAD.findall(problem)):
        return ""
    problem = _RANGE.sub("", _translate(text, problem))
    is_known = (
        "invalid argument to has()" in problem
        or "argument must be a simple name" in problem
        or "Syntax error" in problem
        or _UNDECLARED.search(problem)
        or _OVERLOAD.search(problem)
    )
    return f"compilation failed: {problem}" if is_known else ""


def _translate(text: str, problem: str) -> str:
    """Return a problem in the words and at the places of the implementation in Go."""
    paths = list(_PATH.finditer(problem))
    if paths and len(paths) == problem.count("ERROR: "):
        return "\n".join(_locate_variable(text, found) for found in paths)
    problem = _OVERLOAD.sub(lambda found: _shorten_types(found[0]), problem)
    problem = _CALL.sub(lambda found: _show_call(text, found), problem)
    problem = re.sub(r"\b\w+\(\) variable name must be a simple identifier", "argument must be a simple name", problem)
    if not text:
        return problem.replace("<input>:1:1:", "<input>:1:0:", 1)
    problem = problem.replace("has() argument must be a field selection", "invalid argument to has() macro")
    if (found := _CONDITION.match(problem)) and "\n" not in text:
        place = int(found["column"]) + 1
        place += len(text[place:]) - len(text[place:].lstrip())
        return _locate(text, place, f"expected type 'bool' but found '{found['type']}'")
    return problem


def _locate_variable(text: str, found: re.Match[str]) -> str:
    """Return the problem of an unknown variable, which the server names in place of the whole path."""
    above, _, _ = found["path"].rpartition(".")
    return _locate(text, int(found["column"]) - 1 - len(above), _describe_undeclared(above.partition(".")[0]))


def _shorten_types(text: str) -> str:
    """Return a message with the short names of types."""
    for name, short in _SHORT_TYPES.items():
        text = text.replace(name, short)
    return text


def _show_call(text: str, found: re.Match[str]) -> str:
    """Return a call of a function that belongs to a value with its type before the others: `string.(int)`."""
    line, place = text.splitlines()[int(found["row"]) - 1], int(found["column"]) - 1
    if not line[:place].endswith(f".{found['name']}"):
        return found[0]
    owner, *others = split_types(found["types"])
    return f"{found['start']}'{owner}.({', '.join(others)})'"


def _find_invalid_literal(text: str) -> str:
    """Return the problem of the first text that is no pattern, duration or time; empty for none."""
    for found in _LITERAL.finditer(text):
        call, value = found["call"], found["text"]
        if call == "matches":
            is_valid = _is_pattern(value)
        elif call == "duration":
            is_valid = _DURATION.fullmatch(value) is not None
        else:
            is_valid = not find_time_problem(value, is_micro=False)
        if not is_valid:
            return _locate(text, found.start("quote"), f"invalid {call} argument")
    return ""


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        # Go's syntax has parts that Python's does not have.
        return "\\" in text or "(?" in text or "[[:" in text
    return True


def find_result_type(text: str, variables: Mapping[str, str]) -> str:
    """Return the type of the value of an expression in the words of messages; empty if it is unknown."""
    _, found = list_compilation_problems(text, variables)
    is_typed = "dyn" in found and any(re.search(rf"\b{name}\b", text) for name in _OBJECTS)
    return "" if is_typed else found


def find_unknown_fields(text: str, pattern: re.Pattern[str], find: Callable[[Sequence[str]], int | None]) -> str:
    """Return the problems of fields that are not there; empty for none.

    Group 1 of the pattern is a path as in `.spec.size`. `find` returns the index of the first unknown name of a path.
    """
    problems = []
    for found in pattern.finditer(text):
        names = found[1][1:].split(".")
        index = find(names)
        if index is not None:
            place = found.start(1) + sum(len(name) + 1 for name in names[:index])
            sought = _SOUGHT.search(text[: found.start()])
            if sought and index == len(names) - 1:
                # The macro stands for the last field of its path.
                place = sought.start("place")
            problem = f"undefined field '{names[index]}'"
            problems.append(_locate(text, place, problem))
    return "compilation failed: " + "\n".join(problems) if problems else ""


def find_wrong_calls(text: str, pattern: re.Pattern[str], type_: str) -> str:
    """Return the problems of calls that a type does not have; empty for none. Group 1 of the pattern is the call."""
    problems = [
        _locate(text, found.end() - 1, f"found no matching overload for '{found[1]}' applied to '{type_}.()'")
        for found in pattern.finditer(text)
    ]
    return "compilation failed: " + "\n".join(problems) if problems else ""


def find_undeclared(text: str, name: str) -> str:
    """Return the problem of the first use of a variable that is not there; empty if it is not used."""
    found = re.search(rf"\b{re.escape(name)}\.", text)
    return f"compilation failed: {_locate(text, found.start(), _describe_undeclared(name))}" if found else ""


def _describe_undeclared(name: str) -> str:
    return f"undeclared reference to '{name}' (in container '')"


def _locate(text: str, place: int, problem: str) -> str:
    """Return a problem with its row and column, and with the line."""
    row = text.count("\n", 0, place) + 1
    column = place - (text.rfind("\n", 0, place) + 1)
    shown = f" | {text.splitlines()[row - 1]}\n | {'.' * column}^"
    return f"ERROR: <input>:{row}:{column + 1}: {problem}\n{shown}"
