"""The ledger event of a new release."""

from dataclasses import dataclass
from typing import ClassVar

from envctl.domain.ledger.later_fields import later_field


@dataclass(frozen=True, kw_only=True)
class ReleaseCreated:
    """A release was created."""

    kind: ClassVar[str] = "release created"
    release: str
    commit: str = ""
    uncommitted: bool = False
    author: str = ""  # Author of the commit
    beside: str = later_field("")  # The standalone environment it was made for; empty for the pipeline
    # Committers, mergers, co-authors, and authors of merged commits and pull requests
    others: tuple[str, ...] = later_field(())
    # First line of the commit message, or what it says the merged request is named; empty in old entries
    subject: str = later_field("")
    request: int = later_field(0)  # Number of the pull or merge request it was made from; 0 if unknown
    unknown_authors: bool = later_field(False)  # True if git lacked a part of the history with its authors
    # The first files that were not as in the commit, each with the reason in brackets; and the number of all
    differences: tuple[str, ...] = later_field(())
    different: int = later_field(0)
