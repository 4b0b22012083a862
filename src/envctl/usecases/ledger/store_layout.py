"""Keys of the ledger and of releases in the store."""

ENTRY_FOLDER = "ledger/"
CHECKPOINT_FOLDER = "checkpoints/"
MARKER_KEY = "project.json"
"""The marker naming the owner of the store."""


def entry_key(seq: int) -> str:
    return f"{ENTRY_FOLDER}{seq:010d}.json"


def checkpoint_key(seq: int) -> str:
    return f"{CHECKPOINT_FOLDER}{seq:010d}.json.gz"


def release_key(identity: str) -> str:
    return f"releases/{identity}.tar"


def parse_key_number(key: str) -> int:
    """Return the number in the key of an entry or checkpoint; 0 for any other key."""
    stem = key.rpartition("/")[2].removesuffix(".gz").removesuffix(".json")
    return int(stem) if stem.isdigit() else 0
