"""Whether expressions of policies and custom kinds can be compiled, in the words of kube-apiserver."""

import re
from collections.abc import Callable, Mapping, Sequence

from envctl.adapters.sandbox.kubernetes.rules.expressions import list_compilation_problems

_UNDECLARED = re.compile(r"undeclared reference to '(?P<name>[^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '(?P<name>[^']*)' applied to '(?P<types>[^']*)'")
_OPERATOR = re.compile(r"[-!]_|_[-+*/%<>=!&|]+_|@in")
_PATH = re.compile(r"ERROR: <input>:1:(?P<column>\d+): undeclared reference to '(?P<path>\w+(?:\.\w+)+)'")
_CONDITION = re.compile(
    r"ERROR: <input>:1:(?P<column>\d+): found no matching overload for "
    r"'_(?:&&|\|\|)_' applied to '\(bool, (?P<type>\w+)\)'"
)
_PLAIN_TYPES = re.compile(r"\((?:(?:bool|string|int|double|null|list\([a-z]+\))(?:, )?)+\)")
# Functions of Kubernetes that the package for CEL does not have.
_FUNCTIONS = frozenset(
    {
        *("url", "getScheme", "getHost", "getHostname", "getPort", "getEscapedPath", "getQuery", "ip", "cidr"),
        *("family", "isUnspecified", "isLoopback", "isLinkLocalMulticast", "isLinkLocalUnicast", "isGlobalUnicast"),
        *("isCanonical", "containsIP", "containsCIDR", "prefixLength", "masked", "path", "group", "resource"),
        *("serviceAccount", "subresource", "namespace", "name", "check", "allowed", "reason", "errored", "error"),
        *("sets", "contains", "equivalent", "intersects", "semver", "isSemver", "major", "minor", "patch", "format"),
        *("named", "validate", "sign", "add", "sub", "fieldSelector", "labelSelector", "jsonpatch", "escapeKey"),
        *("indexOf", "lastIndexOf", "base64", "encode", "decode", "transformList", "transformMap"),
        *("transformMapEntry", "existsOne", "isInteger", "asInteger", "asApproximateFloat", "JSONPatch", "Object"),
    }
)
# Functions whose values have another type here.
_ESTIMATED = re.compile(r"\b(?:quantity|sum|min|max|find|findAll|sign|asInteger)\s*\(")
# Variables whose fields have types in Kubernetes.
_OBJECTS = ("request", "namespaceObject", "authorizer")


def find_compilation_problem(text: str, variables: Mapping[str, str]) -> str:
    """Return why an expression can't be compiled; empty if it can. `variables` have the names of their types."""
    problem, _ = list_compilation_problems(text, variables)
    if not problem or any(name in _FUNCTIONS for name in _UNDECLARED.findall(problem)):
        return ""
    for name, types in _OVERLOAD.findall(problem):
        if not _OPERATOR.fullmatch(name) or not _PLAIN_TYPES.fullmatch(types):
            return ""
    problem = _translate(text, problem)
    is_known = (
        "invalid argument to has()" in problem
        or "Syntax error" in problem
        or _UNDECLARED.search(problem)
        or _OVERLOAD.search(problem)
    )
    return f"compilation failed: {problem}" if is_known else ""


def _translate(text: str, problem: str) -> str:
    """Return a problem in the words and at the places of the implementation in Go."""
    if found := _PATH.match(problem):
        # It names the variable, and not the whole path.
        above, _, _ = found["path"].rpartition(".")
        return _locate(text, int(found["column"]) - 1 - len(above), _describe_undeclared(above.partition(".")[0]))
    if not text:
        return problem.replace("<input>:1:1:", "<input>:1:0:", 1)
    problem = problem.replace("has() argument must be a field selection", "invalid argument to has() macro")
    if (found := _CONDITION.match(problem)) and "\n" not in text:
        place = int(found["column"]) + 1
        place += len(text[place:]) - len(text[place:].lstrip())
        return _locate(text, place, f"expected type 'bool' but found '{found['type']}'")
    return problem


def find_result_type(text: str, variables: Mapping[str, str]) -> str:
    """Return the type of the value of an expression in the words of messages; empty if it is unknown."""
    if _ESTIMATED.search(text):
        return ""
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
