"""The Formatter port in memory: it sets one space around each `=`, and fails for a file with `?`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.errors import ConfigurationError, Location, Problem


@dataclass
class MemoryFormatter:
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)  # binary and files of each call

    def format_files(self, binary: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        self.asked.append((binary, tuple(files)))
        wrong = [path for path, data in files.items() if b"?" in data]
        if wrong:
            raise ConfigurationError(*(Problem("E201", "syntax error", "correct it", Location(path)) for path in wrong))
        return {path: re.sub(rb" *= *", b" = ", data) for path, data in files.items()}
