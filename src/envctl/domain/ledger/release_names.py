"""Names of releases, as people type them: an id, a commit, or the number of a request."""

import re

from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import LedgerState

MIN_ID_PREFIX = 4
MIN_COMMIT_PREFIX = 7
# GitLab writes merge requests with an exclamation mark.
_REQUEST = re.compile(r"[#!]([1-9][0-9]{0,8})")


def is_request_name(name: str) -> bool:
    return _REQUEST.fullmatch(name) is not None


def find_named_releases(present: LedgerState, name: str) -> tuple[KnownRelease, ...]:
    """Return the releases with this name, newest first: only a single one is named by it.

    A full id names its release, whatever else begins like it. Else every release counts whose id or commit begins with
    the name, or whose pull or merge request has the number (`#42`).
    """
    if name in present.releases:
        return (present.releases[name],)
    found = (known for known in present.releases.values() if _has_name(known, name))
    return tuple(sorted(found, key=lambda known: known.seq, reverse=True))


def _has_name(known: KnownRelease, name: str) -> bool:
    if number := _REQUEST.fullmatch(name):
        return known.request == int(number[1])
    is_id = len(name) >= MIN_ID_PREFIX and known.release.startswith(name)
    is_commit = len(name) >= MIN_COMMIT_PREFIX and known.commit.startswith(name)
    return is_id or is_commit
