"""Under which keys the ledger and the releases lie in the store."""

ENTRIES = "ledger/"
CHECKPOINTS = "checkpoints/"
MARKER = "project.json"
"""Whose the store is."""


def entry_key(seq: int) -> str:
    return f"{ENTRIES}{seq:010d}.json"


def checkpoint_key(seq: int) -> str:
    return f"{CHECKPOINTS}{seq:010d}.json.gz"


def release_key(identity: str) -> str:
    return f"releases/{identity}.tar"


def number_of(key: str) -> int:
    """The number in the key of an entry or of a checkpoint; 0 for any other key."""
    stem = key.rpartition("/")[2].removesuffix(".gz").removesuffix(".json")
    return int(stem) if stem.isdigit() else 0
