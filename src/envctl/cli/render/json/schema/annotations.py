"""What a class says of itself: the types of its fields and properties, and its docstring."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, get_type_hints


def hints_of(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, localns=_for_type_checkers(cls.__module__))


def returned_by(cls: type, name: str) -> object:
    """The type of a property."""
    getter = getattr(cls, name).fget
    return get_type_hints(getter, localns=_for_type_checkers(getter.__module__))["return"]


def described(cls: type) -> dict[str, str]:
    """Its docstring, in the words of JSON; nothing where it has none but the one that `dataclass` makes."""
    text = cls.__doc__ or ""
    if not text or text.startswith(f"{cls.__name__}("):
        return {}
    paragraphs = (" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n"))
    return {"description": re.sub(r"\bNone\b", "null", "\n".join(paragraphs))}


def _for_type_checkers(module: str) -> dict[str, object]:
    """The names that a module imports under `if TYPE_CHECKING:` alone."""
    loaded = import_module(module)
    return {
        alias.asname or alias.name: getattr(import_module(each.module or ""), alias.name)
        for each in _imports(loaded)
        for alias in each.names
    }


def _imports(module: ModuleType) -> Iterator[ast.ImportFrom]:
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from (each for each in node.body if isinstance(each, ast.ImportFrom))
