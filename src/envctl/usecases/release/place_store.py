"""Places of approvals and deployments in the store, to explain later differences.

They are display data: decisions use the digest in the ledger.
"""

from collections.abc import Iterable, Mapping

from envctl.domain.release.approval_place import BoundPlace, decode, describe_differences, encode
from envctl.usecases.ledger.digest_documents import DigestDocuments
from envctl.usecases.ports.core import Ports

PLACES = DigestDocuments("places/", encode, decode)


def compare_places(ports: Ports, digests: Iterable[str], now: BoundPlace) -> Mapping[str, str]:
    """Describe how each place differs from the current one; empty if it is unknown."""
    wanted = {digest for digest in digests if digest not in ("", now.digest)}
    known = PLACES.load_documents(ports, wanted)
    return {digest: describe_differences(known[digest], now) if digest in known else "" for digest in wanted}
