"""Releases known to the ledger."""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.text.lists import join_first

_MAX_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class KnownRelease:
    """A release by its creation entry."""

    release: str
    seq: int
    at: datetime
    by: Actor
    commit: str
    uncommitted: bool
    author: str
    # Names of the standalone environments it was made for; an empty name is the pipeline
    made_for: tuple[str, ...] = ("",)
    others: tuple[str, ...] = ()  # Further people with a part in it, besides the author
    subject: str = ""  # What its commit says it is; empty if not recorded
    request: int = 0  # Number of the pull or merge request it was made from; 0 if not recorded
    unknown_authors: bool = False  # True if git lacked a part of the history with its authors
    # The first files that are not as in the commit, each with the reason; and the number of all. Not in old entries
    differences: tuple[str, ...] = ()
    different: int = 0
    unsigned: bool = False  # True if its entry is unsigned in a ledger whose pipeline signs


def format_differences(release: ReleaseCreated | KnownRelease) -> str:
    """Return the files of a release that are not as in its commit; empty if none is recorded."""
    return join_first(release.differences, _MAX_NAMED, release.different)
