"""Values that one command remembers for the next, in a JSON file. Any content of the file is possible."""

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from envctl.adapters.disk.kept_documents import read_document
from envctl.adapters.terraform.process.disk_errors import replace_file


@dataclass(eq=False, repr=False)
class RememberedValues:
    """`file` is read at the first use, and keeps the latest `most` values. Disk errors are ignored."""

    file: Path
    most: int = 256
    _values: dict[str, object] | None = field(default=None, init=False)

    def find_value(self, key: str) -> object:
        """Return the value as the file has it; None for an unknown key."""
        return self._load().get(key)

    def add_value(self, key: str, value: object) -> None:
        if self._load().get(key) == value:
            return
        self._values = dict(list({**self._load(), key: value}.items())[-self.most :])
        with contextlib.suppress(OSError):
            replace_file(self.file, json.dumps(self._values))

    def _load(self) -> dict[str, object]:
        if self._values is None:
            self._values = read_document(self.file, lambda values: dict(values.items()), {})
        return self._values
