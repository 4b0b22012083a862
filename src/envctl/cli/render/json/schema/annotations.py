"""Annotations of classes: types of fields and properties, and docstrings."""

import ast
import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, get_type_hints


def load_type_hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, localns=_load_type_checking_names(cls.__module__))


def find_property_type(cls: type, name: str) -> object:
    """Return the type of a property."""
    getter = getattr(cls, name).fget
    return get_type_hints(getter, localns=_load_type_checking_names(getter.__module__))["return"]


def describe_class(cls: type) -> dict[str, str]:
    """Return the docstring with `None` as `null`; empty if it has only the one made by `dataclass`."""
    text = cls.__doc__ or ""
    if not text or text.startswith(f"{cls.__name__}("):
        return {}
    paragraphs = (" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n"))
    return {"description": re.sub(r"\bNone\b", "null", "\n".join(paragraphs))}


def _load_type_checking_names(module: str) -> dict[str, object]:
    """Load the names imported by a module only under `if TYPE_CHECKING:`."""
    loaded = import_module(module)
    return {
        alias.asname or alias.name: getattr(import_module(each.module or ""), alias.name)
        for each in _find_type_checking_imports(loaded)
        for alias in each.names
    }


def _find_type_checking_imports(module: ModuleType) -> Iterator[ast.ImportFrom]:
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            yield from (each for each in node.body if isinstance(each, ast.ImportFrom))
