"""Annotations of classes: types of fields and properties, and docstrings."""

import ast
import inspect
import re
from importlib import import_module
from types import FunctionType
from typing import Any, get_type_hints


def load_type_hints(annotated: type | FunctionType) -> dict[str, Any]:
    return get_type_hints(annotated, localns=_load_type_checking_names(annotated.__module__))


def describe_class(cls: type) -> dict[str, str]:
    """Return the docstring with `None` as `null`; empty if it has only the one made by `dataclass`."""
    text = cls.__doc__ or ""
    if not text or text.startswith(f"{cls.__name__}("):
        return {}
    paragraphs = (" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n"))
    return {"description": re.sub(r"\bNone\b", "null", "\n".join(paragraphs))}


def _load_type_checking_names(module: str) -> dict[str, object]:
    """Load the names imported by a module only under `if TYPE_CHECKING:`."""
    conditions = [node for node in ast.parse(inspect.getsource(import_module(module))).body if isinstance(node, ast.If)]
    blocks = [node.body for node in conditions if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"]
    imports = [each for block in blocks for each in block if isinstance(each, ast.ImportFrom)]
    return {
        alias.asname or alias.name: getattr(import_module(each.module or ""), alias.name)
        for each in imports
        for alias in each.names
    }
