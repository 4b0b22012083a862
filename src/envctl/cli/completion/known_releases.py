"""The names of releases that this machine has read of: for the completion, which asks no network."""

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from envctl.adapters.disk.reading import read_text
from envctl.adapters.disk.writing import write_text
from envctl.domain.ledger.gzip import PACKED, unpacked

FILE = "known-releases.json"
MOST = 200


def named_in(ledger: Iterable[bytes]) -> list[str]:
    """The releases that checkpoints and entries of the ledger speak of, oldest first."""
    found: dict[str, None] = {}
    for data in ledger:
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            document = json.loads(unpacked(data) if data.startswith(PACKED) else data)
            told = document["present"]["releases"] if "present" in document else [document["event"].get("release")]
            found.update(dict.fromkeys(name for name in told if isinstance(name, str)))
    return list(found)


def recall(home: Path, store: str) -> list[str]:
    try:
        known = json.loads(read_text(home / FILE))
        return list(known["releases"]) if known["store"] == store else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def remember(home: Path, store: str, read: Iterable[bytes]) -> None:
    """Adds what was read; without a word where it can't be written, since all that is lost is a convenience."""
    known = recall(home, store)
    releases = list(dict.fromkeys([*known, *named_in(read)]))[-MOST:]
    if releases == known:
        return
    with suppress(OSError):
        write_text(home / FILE, json.dumps({"store": store, "releases": releases}))
