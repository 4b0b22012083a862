"""Places of approvals and deployments in the store, to explain later differences.

They are display data: decisions use the digest in the ledger.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from envctl.domain.release.approval_place import BoundPlace, MalformedPlaceError, decode, describe_differences, encode
from envctl.usecases.ports.core import AlreadyExistsError, Ports


def save_place(ports: Ports, place: BoundPlace) -> None:
    with suppress(AlreadyExistsError):
        ports.store.create(_place_key(place.digest), encode(place))


def load_places(ports: Ports, digests: Iterable[str]) -> Mapping[str, BoundPlace]:
    """Load the stored places by digest, without missing and malformed ones."""
    wanted = sorted({digest for digest in digests if digest})
    stored = ports.store.read_all([_place_key(digest) for digest in wanted]) if wanted else []
    found = {digest: _decode_place(data) for digest, data in zip(wanted, stored, strict=True) if data is not None}
    return {digest: place for digest, place in found.items() if place is not None and place.digest == digest}


def compare_places(ports: Ports, digests: Iterable[str], now: BoundPlace) -> Mapping[str, str]:
    """Describe how each place differs from the current one; empty if it is unknown."""
    wanted = {digest for digest in digests if digest not in ("", now.digest)}
    known = load_places(ports, wanted)
    return {digest: describe_differences(known[digest], now) if digest in known else "" for digest in wanted}


def _decode_place(data: bytes) -> BoundPlace | None:
    try:
        return decode(data)
    except MalformedPlaceError:
        return None


def _place_key(digest: str) -> str:
    return f"places/{digest}.json"
