"""A problem of the project file, as the rules between its tables find it."""

from collections.abc import Mapping
from dataclasses import dataclass

TomlPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """A problem and the key that it is about; the reader of the file knows the line."""

    code: str
    message: str
    hint: str
    path: TomlPath


def table(value: object, *keys: str) -> Mapping[str, object]:
    """The table under those keys of a raw document; an empty one where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
