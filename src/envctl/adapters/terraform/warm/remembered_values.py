"""Values that one command remembers for the next, in a JSON file. Any content of the file is possible."""

import contextlib
import json
from pathlib import Path

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.process.disk_errors import replace_file


class RememberedValues:
    """`file` is read at the first use, and keeps the latest `most` values. Disk errors are ignored."""

    def __init__(self, file: Path, most: int = 256) -> None:
        self._file = file
        self._most = most
        self._values: dict[str, object] | None = None

    def find_value(self, key: str) -> object:
        """Return the value as the file has it; None for an unknown key."""
        return self._load().get(key)

    def add_value(self, key: str, value: object) -> None:
        if self._load().get(key) == value:
            return
        self._values = dict(list({**self._load(), key: value}.items())[-self._most :])
        with contextlib.suppress(OSError):
            replace_file(self._file, json.dumps(self._values))

    def _load(self) -> dict[str, object]:
        if self._values is None:
            try:
                self._values = dict(json.loads(read_bytes(self._file)).items())
            except (OSError, ValueError, AttributeError):
                self._values = {}
        return self._values
