"""Whether expressions of policies and custom kinds can be compiled, in the words of kube-apiserver."""

import re
from collections.abc import Callable, Sequence

from envctl.adapters.sandbox.kubernetes.rules.expressions import list_compilation_problems

_UNDECLARED = re.compile(r"undeclared reference to '(?P<name>[^']*)'")
_OVERLOAD = re.compile(r"found no matching overload for '(?P<name>[^']*)' applied to '(?P<types>[^']*)'")
_OPERATOR = re.compile(r"[-!]_|_[-+*/%<>=!&|]+_|@in")
_PLAIN_TYPES = re.compile(r"\((?:(?:bool|string|int|null)(?:, )?)+\)")


def find_compilation_problem(text: str, variables: Sequence[str]) -> str:
    """Return why an expression can't be compiled; empty if it can."""
    problem = list_compilation_problems(text, variables)
    # Kubernetes has functions that the package for CEL does not have.
    if not problem or any(re.search(rf"\b{re.escape(name)}\s*\(", text) for name in _UNDECLARED.findall(problem)):
        return ""
    for name, types in _OVERLOAD.findall(problem):
        if not _OPERATOR.fullmatch(name) or not _PLAIN_TYPES.fullmatch(types):
            return ""
    is_known = "Syntax error" in problem or _UNDECLARED.search(problem) or _OVERLOAD.search(problem)
    return f"compilation failed: {problem}" if is_known else ""


def find_unknown_field(text: str, pattern: re.Pattern[str], find: Callable[[Sequence[str]], int | None]) -> str:
    """Return the problem of a field that is not there; empty for none.

    Group 1 of the pattern is a path as in `.spec.size`. `find` returns the index of the first unknown name of a path.
    """
    for found in pattern.finditer(text):
        names = found[1][1:].split(".")
        index = find(names)
        if index is not None:
            place = found.start(1) + sum(len(name) + 1 for name in names[:index])
            problem = f"undefined field '{names[index]}'"
            return f"compilation failed: {_locate(text, place, problem)}"
    return ""


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
