"""The files of a kubeconfig as text: entries by name, with their file for messages."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from envctl.adapters.disk.faults import to_printable, unreadable_error
from envctl.adapters.disk.files import read_bytes
from envctl.domain.errors import ConfigurationError, Location, Problem

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """One cluster, user or context. `kind` and `name` are for messages. Values are hidden: some are secrets."""

    kind: str
    name: str
    file: Path
    values: Mapping[str, Any] = field(repr=False)

    def error(self, code: str, why: str, hint: str) -> ConfigurationError:
        message = f"the {self.kind} {self.name} in {to_printable(self.file)} can't be used: {why}"
        return ConfigurationError(Problem(code, message, hint, Location(to_printable(self.file))))

    def _read_value(self, key: str, kind: type[T], described: str) -> T | None:
        """Return a value; None if it is missing. Raises ConfigurationError for another type."""
        found = self.values.get(key)
        if found is not None and not isinstance(found, kind):
            raise self.error("E631", f"{key} is not a {described}", "correct it as in the documentation of kubeconfig")
        return found

    def read_text(self, key: str) -> str:
        return self._read_value(key, str, "text") or ""

    def read_list(self, key: str) -> list[Any]:
        return self._read_value(key, list, "list") or []

    def read_part(self, key: str) -> "Entry | None":
        """Return a map in it as an entry of its own; None if it is missing."""
        found = self._read_value(key, dict, "map")
        return None if found is None else Entry(self.kind, self.name, self.file, found)

    def resolve_path(self, path: str) -> Path:
        """Return a path in the file: it begins at the folder of the file, as in kubectl."""
        return self.file.parent.absolute() / path

    def read_file(self, key: str) -> str:
        """Return the content of the file that a key names; empty if the key is missing."""
        path = self.read_text(key)
        if not path:
            return ""
        try:
            return read_bytes(self.resolve_path(path)).decode()
        except OSError as error:
            why = f"{key} leads to {to_printable(path)}, and that can't be read: {error.strerror or error}"
            raise self.error("E631", why, "correct the path, or write the file") from None
        except UnicodeDecodeError:
            raise self.error("E631", f"the file of {key} is not text", "correct the path") from None

    def read_pem(self, key: str) -> str:
        """Return the PEM in `key`-data, or else in the file that `key` names; empty without both."""
        data = self.read_text(f"{key}-data")
        if not data:
            return self.read_file(key)
        try:
            return base64.b64decode("".join(data.split()), validate=True).decode("ascii")
        except (binascii.Error, ValueError):
            raise self.error("E631", f"{key}-data is not PEM in base64", "write the entry again") from None


def load_entries(files: Sequence[Path], section: str, kind: str) -> dict[str, Entry]:
    """Return the entries of a section of all files by name; of several with one name, that of the first file."""
    found: dict[str, Entry] = {}
    for file in files:
        for each in _read_section(file, section):
            name, values = each.get("name"), each.get(kind)
            if isinstance(name, str):
                found.setdefault(name, Entry(kind, name, file, values if isinstance(values, dict) else {}))
    return found


def _read_section(file: Path, section: str) -> list[dict[str, Any]]:
    content = _parse_file(file)
    entries = content.get(section) or []
    if not isinstance(entries, list):
        raise _invalid_error(file, f"{section} is not a list")
    return [each for each in entries if isinstance(each, dict)]


def _parse_file(file: Path) -> Mapping[str, Any]:
    import yaml  # type: ignore[import-untyped]

    try:
        data = read_bytes(file)
    except OSError as error:
        raise unreadable_error(str(file), error) from None
    try:
        found = yaml.load(data, _build_loader())  # noqa: S506 (a safe loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise _invalid_error(file, f"it is not YAML: {error.problem or error.context}", line) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise _invalid_error(file, "it is not YAML") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _invalid_error(file, "it is not a map")
    return found


@cache
def _build_loader() -> Any:  # noqa: ANN401 (its class depends on what PyYAML was built with)
    """Return a loader that leaves all values as text: a token may look like a number, a date or a truth."""
    import yaml

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    null = "tag:yaml.org,2002:null"
    resolvers = {
        first: [each for each in found if each[0] == null] for first, found in safe.yaml_implicit_resolvers.items()
    }
    return type("TextLoader", (safe,), {"yaml_implicit_resolvers": resolvers})


def _invalid_error(file: Path, why: str, line: int | None = None) -> ConfigurationError:
    shown = to_printable(file)
    message = f"the kubeconfig {shown} can't be read: {why}"
    return ConfigurationError(Problem("E631", message, "correct it, or set KUBECONFIG", Location(shown, line)))
