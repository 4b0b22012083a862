"""Hash of an unpacked provider package (`h1:` in a provider lock)."""

import base64
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from envctl.domain.terraform.provider_lock import H1_PREFIX


def hash_package(folder: Path) -> str:
    """Return the hash of all files in a folder, sorted by name. Raises OSError for an unreadable file."""
    lines = []
    for name in sorted(list_files(folder)):
        with (folder / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n")
    return H1_PREFIX + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def list_files(folder: Path) -> Iterator[str]:
    """List the relative paths of all files in a folder."""
    for place, _, names in os.walk(folder):
        below = os.path.relpath(place, folder)
        yield from (name if below == os.curdir else f"{below}/{name}" for name in names)
