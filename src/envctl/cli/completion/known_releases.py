"""Cache of release names from earlier reads of a remote store: completion uses no network."""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from envctl.adapters.disk.files import write_text
from envctl.adapters.disk.kept_documents import read_document
from envctl.domain.ledger.gzip import GZIP_MAGIC, decompress_bytes

FILE = "known-releases.json"
MAX_RELEASES = 200


def find_release_names(ledger: Iterable[bytes]) -> list[str]:
    """Return the releases in checkpoints and entries of the ledger, oldest first."""
    found: dict[str, None] = {}
    for data in ledger:
        with suppress(ValueError, KeyError, TypeError, AttributeError, RecursionError):
            document = json.loads(decompress_bytes(data) if data.startswith(GZIP_MAGIC) else data)
            names = document["present"]["releases"] if "present" in document else [document["event"].get("release")]
            found.update(dict.fromkeys(name for name in names if isinstance(name, str)))
    return list(found)


def load_known_releases(home: Path, store: str) -> list[str]:
    def build(cache: Mapping[str, Any]) -> list[str]:
        return list(map(str, cache["releases"])) if cache["store"] == store else []

    return read_document(home / FILE, build, [])


def add_known_releases(home: Path, store: str, read: Iterable[bytes]) -> None:
    """Add the releases in these ledger files to the cache. Write errors are ignored: the cache is a convenience."""
    cached = load_known_releases(home, store)
    releases = list(dict.fromkeys([*cached, *find_release_names(read)]))[-MAX_RELEASES:]
    if releases == cached:
        return
    with suppress(OSError):
        write_text(home / FILE, json.dumps({"store": store, "releases": releases}))
