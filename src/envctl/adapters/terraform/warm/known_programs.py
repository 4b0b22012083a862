"""Programs that reported themselves as Terraform in an earlier run, remembered by the identity of their file."""

import contextlib
import os
from pathlib import Path

from envctl.adapters.disk.files import open_file
from envctl.adapters.terraform.warm.package import identify_file, is_native_program
from envctl.adapters.terraform.warm.remembered_values import RememberedValues

_MAX_REMEMBERED = 32


class KnownPrograms:
    """A script is never known: it may start Terraform elsewhere."""

    def __init__(self, file: Path) -> None:
        self._versions = RememberedValues(file, _MAX_REMEMBERED)

    def find_version(self, program: Path) -> str:
        """Return the version of a Terraform; empty for an unknown program."""
        with contextlib.suppress(OSError):
            found = self._versions.find_value(_build_key(program))
            return found if isinstance(found, str) else ""
        return ""

    def add_program(self, program: Path, version: str) -> None:
        with contextlib.suppress(OSError):
            key = _build_key(program)
            if self._versions.find_value(key) != version and is_native(program):
                self._versions.add_value(key, version)


def _build_key(program: Path) -> str:
    return ":".join(map(str, identify_file(program)))


def is_native(program: Path) -> bool:
    """Return whether a program is no script. Raises OSError."""
    descriptor = open_file(program)
    try:
        return is_native_program(descriptor)
    finally:
        os.close(descriptor)
