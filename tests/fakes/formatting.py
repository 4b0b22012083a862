"""The Formatter port in memory: one space around each `=`, and a file with a `?` can't be read."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.errors import ConfigurationError, Location, Problem


@dataclass
class MemoryFormatter:
    """`asked` are the files of each call, and the program that was to format them."""

    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def formatted(self, binary: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
        self.asked.append((binary, tuple(files)))
        wrong = [path for path, data in files.items() if b"?" in data]
        if wrong:
            raise ConfigurationError(*(Problem("E201", "syntax error", "correct it", Location(path)) for path in wrong))
        return {path: re.sub(rb" *= *", b" = ", data) for path, data in files.items()}
