"""Hash of an unpacked provider package (`h1:` in a provider lock)."""

import os
from binascii import b2a_base64
from collections.abc import Iterator, Mapping
from pathlib import Path

from envctl.domain.terraform.provider_lock import H1_PREFIX
from envctl.domain.text.sha256 import sha256


def hash_package(folder: Path) -> str:
    """Return the hash of all files in a folder, sorted by name. Raises OSError for an unreadable file."""
    import hashlib

    digests = {}
    for name in list_files(folder):
        with (folder / name).open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return combine_hashes(digests)


def combine_hashes(digests: Mapping[str, str]) -> str:
    """Return the hash of a package from the SHA-256 of its files in hexadecimal, by their relative paths."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return H1_PREFIX + b2a_base64(sha256(lines.encode()).digest(), newline=False).decode()


def list_files(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        below = os.path.relpath(place, folder)
        yield from (name if below == os.curdir else f"{below}/{name}" for name in names)
