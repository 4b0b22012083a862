"""Faults of the project file, found by checks across its tables."""

from collections.abc import Mapping
from dataclasses import dataclass

TomlPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """A problem with the path of its key. The reader of the file adds the line."""

    code: str
    message: str
    hint: str
    path: TomlPath


def find_table(value: object, *keys: str) -> Mapping[str, object]:
    """Return the table under these keys of a raw document; empty if missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def list_texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
