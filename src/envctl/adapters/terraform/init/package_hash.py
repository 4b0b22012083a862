"""The hash by which a lock file knows a provider's package as it lies unpacked (`h1:`)."""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from envctl.domain.terraform.provider_lock import UNPACKED


def package_hash(folder: Path) -> str:
    """Of all files below it, by their names. Raises OSError where one of them can't be read."""
    lines = []
    for name in sorted(files(folder)):
        with (folder / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n")
    return UNPACKED + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def files(folder: Path) -> Iterator[str]:
    """Their paths below the folder."""
    for place, _, names in os.walk(folder):
        below = os.path.relpath(place, folder)
        yield from (name if below == os.curdir else f"{below}/{name}" for name in names)
