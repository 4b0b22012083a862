"""CEL, the language of rules inside of objects, with the functions of Kubernetes.

The package cel-expr-python is the C++ implementation of CEL's own project: it has the extensions that Kubernetes uses
(strings, optional values, bindings, math). The other packages for Python lack them.

Source: k8s.io/apiserver v0.36.2, pkg/cel/library/regex.go (find, findAll), pkg/cel/library/lists.go (isSorted, sum,
indexOf), pkg/cel/library/quantity.go (stringToQuantity).
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlsplit

from kube_api_emulator.schemas.quantity import is_quantity, parse_quantity
from kube_api_emulator.server.rules.cel.cel_functions import list_signatures

_VARIABLES = ("self", "oldSelf", "object", "oldObject", "request", "params", "namespaceObject", "variables")
_TYPED_VARIABLES = tuple((name, "dyn") for name in _VARIABLES)
_TYPE_NAMES = {
    "BOOL": "bool",
    "BYTES": "bytes",
    "DOUBLE": "double",
    "DURATION": "google.protobuf.Duration",
    "DYN": "dyn",
    "INT": "int",
    "NULL": "null_type",
    "STRING": "string",
    "TIMESTAMP": "google.protobuf.Timestamp",
    "UINT": "uint",
}
# The types of Kubernetes itself.
_OWN_TYPES = ("kubernetes.", "net.")
# Values of another type than Kubernetes would give: the expression cannot be judged here.
_OTHER_TYPE = "No matching overloads"


class UnknownExpressionError(Exception):
    """An expression that cannot be evaluated here."""


class ExpressionError(Exception):
    """An expression that ends with an error for these values."""


@dataclass(frozen=True)
class Expression:
    """A compiled expression."""

    text: str
    program: Any

    def evaluate(self, values: Mapping[str, Any]) -> Any:  # noqa: ANN401 (JSON)
        """Return the value. Raises ExpressionError, or UnknownExpressionError."""
        result = self.program.eval(data=dict(values))
        if result.type().name() != "*error*" and str(result.type()) != "ERROR":
            return result.plain_value()
        text = str(result.value())
        if _OTHER_TYPE in text:
            raise UnknownExpressionError(text)
        raise ExpressionError(_translate_error(text))


@cache
def compile_expression(text: str) -> Expression:
    """Return a compiled expression. Raises UnknownExpressionError for one that is not known here."""
    environment = _load_environment()
    if environment is None:
        raise UnknownExpressionError("the package cel-expr-python is not installed")
    try:
        return Expression(text, environment.compile(text))
    except RuntimeError as error:
        raise UnknownExpressionError(str(error).partition("\n")[0]) from error


def list_compilation_problems(text: str, variables: Mapping[str, str]) -> tuple[str, str]:
    """Return why an expression can't be compiled, and the type of its value; both are empty if that is unknown.

    The words are those of the implementation in Go, except for functions that are not known here. `variables` have
    types as in messages: `list(int)`.
    """
    environment = _load_checker(tuple(variables.items()))
    if environment is None:
        return "", ""
    try:
        compiled = environment.compile(text)
    except RuntimeError as error:
        return str(error).removeprefix("INVALID_ARGUMENT: ").removesuffix(" [INVALID_ARGUMENT]"), ""
    return "", _name_type(str(compiled.return_type()))


def _name_type(shown: str) -> str:
    """Return a type as the implementation in Go names it."""
    for name, word in (("LIST", "list"), ("TYPE", "type"), ("MAP", "map")):
        if shown.startswith(f"{name}<"):
            inner = ", ".join(_name_type(each) for each in split_types(shown[len(name) + 1 : -1]))
            return f"{word}({inner})"
    return shown if shown.startswith(_OWN_TYPES) else _TYPE_NAMES.get(shown, "")


def split_types(shown: str) -> list[str]:
    """Return the types of a list of types, as in `string, map(string, int)`."""
    parts, depth = [""], 0
    for letter in shown:
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def _translate_error(text: str) -> str:
    """Return an error of the C++ implementation in the words of the one in Go."""
    if match := re.search(r'Key not found in map : "(?P<key>[^"]*)"', text):
        return f"no such key: {match['key']}"
    message = text.partition(": ")[2] or text
    return {"divide by zero": "division by zero"}.get(message, message)


@lru_cache(maxsize=64)
def _load_environment(typed: Sequence[tuple[str, str]] = _TYPED_VARIABLES) -> Any:  # noqa: ANN401 (of the package)
    try:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_bindings, ext_math, ext_optional, ext_strings
    except ImportError:
        return None
    extensions = [
        *(ext_strings.ExtStrings(), ext_optional.ExtOptional()),
        *(ext_bindings.ExtBindings(), ext_math.ExtMath()),
    ]
    variables = {name: _read_type(cel.Type, type_) for name, type_ in typed}
    return cel.NewEnv(variables=variables, extensions=extensions, functions=_declare_functions(cel))


@lru_cache(maxsize=64)
def _load_checker(typed: Sequence[tuple[str, str]]) -> Any:  # noqa: ANN401 (of the package)
    """Return what knows the functions and types of Kubernetes, and evaluates nothing."""
    try:
        from cel_expr_python import cel
        from cel_expr_python.ext import ext_optional, ext_strings
    except ImportError:
        return None
    overloads: dict[str, list[Any]] = {}
    for number, each in enumerate(list_signatures()):
        parameters = [_read_type(cel.Type, type_) for type_ in each.parameters]
        result = _read_type(cel.Type, each.result)
        found = cel.Overload(f"kubernetes_{number}", result, parameters, each.is_member, _evaluate_nothing)
        overloads.setdefault(each.name, []).append(found)
    functions = [cel.FunctionDecl(name, found) for name, found in overloads.items()]
    variables = {name: _read_type(cel.Type, type_) for name, type_ in typed}
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional()]
    return cel.NewEnv(variables=variables, extensions=extensions, functions=functions)


def _evaluate_nothing(*_: object) -> None:
    return None


def _read_type(types: Any, name: str) -> Any:  # noqa: ANN401 (of the package)
    kind, _, inner = name.removesuffix(")").partition("(")
    if kind == "list":
        return types.List(_read_type(types, inner))
    if kind == "map":
        key, _, value = inner.partition(", ")
        return types.Map(_read_type(types, key), _read_type(types, value))
    if name.startswith(_OWN_TYPES):
        return types.AbstractType(name, [])
    shown = next((shown for shown, known in _TYPE_NAMES.items() if known == name), "DYN")
    return getattr(types, shown)


def _declare_functions(cel: Any) -> list[Any]:  # noqa: ANN401 (of the package)
    """Return the functions that Kubernetes adds. A quantity is a number here."""
    types = cel.Type
    text, number, flag, whole, any_ = types.STRING, types.DOUBLE, types.BOOL, types.INT, types.DYN
    listed = types.List(any_)
    declared: Sequence[tuple[str, Any, list[Any], bool, Callable[..., Any]]] = (
        ("quantity", number, [text], False, lambda value: float(parse_quantity(value))),
        ("isQuantity", flag, [text], False, is_quantity),
        ("isGreaterThan", flag, [number, number], True, lambda one, other: one > other),
        ("isLessThan", flag, [number, number], True, lambda one, other: one < other),
        ("compareTo", whole, [number, number], True, lambda one, other: (one > other) - (one < other)),
        ("asInteger", whole, [number], True, int),
        ("isInteger", flag, [number], True, lambda value: value == int(value)),
        ("asApproximateFloat", number, [number], True, float),
        ("find", text, [text, text], True, _find),
        ("findAll", types.List(text), [text, text], True, _find_all),
        ("sum", any_, [listed], True, sum),
        ("min", any_, [listed], True, min),
        ("max", any_, [listed], True, max),
        ("isSorted", flag, [listed], True, lambda values: list(values) == sorted(values)),
        ("isURL", flag, [text], False, _is_url),
        ("isIP", flag, [text], False, lambda value: _is_valid(ipaddress.ip_address, value)),
        ("isCIDR", flag, [text], False, lambda value: _is_valid(ipaddress.ip_network, value)),
    )
    functions: dict[str, list[Any]] = {}
    for name, result, parameters, is_member, function in declared:
        identity = f"kubernetes_{name}"
        functions.setdefault(name, []).append(cel.Overload(identity, result, parameters, is_member, function))
    return [cel.FunctionDecl(name, overloads) for name, overloads in functions.items()]


def _find(value: str, pattern: str) -> str:
    found = re.search(pattern, value)
    return found[0] if found else ""


def _find_all(value: str, pattern: str) -> list[str]:
    return [found[0] for found in re.finditer(pattern, value)]


def _is_url(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) or value.startswith("/")


def _is_valid(parse: Callable[[str], object], value: str) -> bool:
    try:
        parse(value)
    except ValueError:
        return False
    return True
