"""Documents in the store, each under the digest of its content."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TypeVar

from envctl.domain.ledger.entries import hash_bytes
from envctl.usecases.ports.core import Ports

D = TypeVar("D")


def load_documents(
    ports: Ports, digests: Iterable[str], key: Callable[[str], str], decode: Callable[[bytes], D]
) -> Mapping[str, D]:
    """Return the documents by digest, without missing, changed and malformed ones. `decode` may raise ValueError."""
    wanted = sorted({digest for digest in digests if digest})
    stored = ports.store.read_all([key(digest) for digest in wanted]) if wanted else []
    found: dict[str, D] = {}
    for digest, data in zip(wanted, stored, strict=True):
        if data is not None and hash_bytes(data) == digest:
            with suppress(ValueError):
                found[digest] = decode(data)
    return found
