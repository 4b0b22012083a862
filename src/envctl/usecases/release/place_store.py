"""The places of approvals and deployments, in the store: so that it can be said later what is another value now.

They are shown, and never decided upon: what counts is the digest in the ledger.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from envctl.domain.release.approval_place import BoundPlace, MalformedPlaceError, decode, describe_differences, encode
from envctl.usecases.ports.core import AlreadyExistsError, Ports


def keep(ports: Ports, place: BoundPlace) -> None:
    with suppress(AlreadyExistsError):
        ports.store.create(_key(place.digest), encode(place))


def look(ports: Ports, digests: Iterable[str]) -> Mapping[str, BoundPlace]:
    """Those of the places that were kept and can be read, by their digests."""
    wanted = sorted({digest for digest in digests if digest})
    stored = ports.store.read_all([_key(digest) for digest in wanted]) if wanted else []
    found = {digest: _read(data) for digest, data in zip(wanted, stored, strict=True) if data is not None}
    return {digest: place for digest, place in found.items() if place is not None and place.digest == digest}


def compare(ports: Ports, digests: Iterable[str], now: BoundPlace) -> Mapping[str, str]:
    """For each other place, in words, what is another value in the one of today; empty where that is not known."""
    wanted = {digest for digest in digests if digest not in ("", now.digest)}
    known = look(ports, wanted)
    return {digest: describe_differences(known[digest], now) if digest in known else "" for digest in wanted}


def _read(data: bytes) -> BoundPlace | None:
    try:
        return decode(data)
    except MalformedPlaceError:
        return None


def _key(digest: str) -> str:
    return f"places/{digest}.json"
