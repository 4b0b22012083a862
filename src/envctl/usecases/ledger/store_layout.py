"""Layout of the store: keys of the ledger and of releases, and documents under the digest of their content."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from envctl.domain.ledger.entries import hash_bytes
from envctl.usecases.ports.core import AlreadyExistsError, Ports

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


D = TypeVar("D")


@dataclass(frozen=True)
class DigestDocuments(Generic[D]):
    """The documents of one kind, in one folder of the store. `decode` may raise ValueError."""

    folder: str  # with a slash
    encode: Callable[[D], bytes]
    decode: Callable[[bytes], D]

    def format_key(self, digest: str) -> str:
        return f"{self.folder}{digest}.json"

    def save_document(self, ports: Ports, document: D) -> None:
        """Store a document unless it exists. `load_documents` rejects other bytes under its key."""
        data = self.encode(document)
        with suppress(AlreadyExistsError):
            ports.store.create(self.format_key(hash_bytes(data)), data)

    def load_documents(self, ports: Ports, digests: Iterable[str]) -> Mapping[str, D]:
        """Return the documents by digest, without missing, changed and malformed ones, such as newer ones."""
        wanted = sorted({digest for digest in digests if digest})
        stored = ports.store.read_all([self.format_key(digest) for digest in wanted]) if wanted else []
        found: dict[str, D] = {}
        for digest, data in zip(wanted, stored, strict=True):
            if data is not None and hash_bytes(data) == digest:
                with suppress(ValueError):
                    found[digest] = self.decode(data)
        return found
