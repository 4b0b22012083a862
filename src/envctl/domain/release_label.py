"""Labels of releases: what people know a release by, from the commit and the pull or merge request it was made from.

The id of a release stays the hash of its content. Labels are shown and searched, and decide nothing else.
"""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.text.durations import ROUGH_UNITS
from envctl.domain.text.identifiers import shorten_id

SEPARATOR = " · "


@dataclass(frozen=True)
class ReleaseLabel:
    """What people know a release by."""

    release: str  # its id
    commit: str = ""  # the commit it was made from; empty without git
    uncommitted: bool = False  # it holds changes that are not in the commit
    subject: str = ""  # the first line of the commit message; empty if not recorded
    request: int = 0  # the number of its pull or merge request; 0 if not recorded
    created_at: datetime | None = None  # the time of its creation


def format_label(label: ReleaseLabel, now: datetime | None = None) -> str:
    """Return the label on one line: `f86ebee01234 · "Trace logs" · #42`, and the age if `now` is given.

    A `+` after the subject means changes that are not in its commit.
    """
    age = format_label_age(label.created_at, now) if now and label.created_at else ""
    return SEPARATOR.join(filter(None, (shorten_id(label.release), format_label_name(label), age)))


def format_label_name(label: ReleaseLabel) -> str:
    """Return the label without its id, as `"Trace logs" · #42`; empty if neither is recorded."""
    subject = f'"{label.subject}"{"+" if label.uncommitted else ""}' if label.subject else ""
    return SEPARATOR.join(filter(None, (subject, f"#{label.request}" if label.request else "")))


def format_label_or_id(label: ReleaseLabel | None, release: str) -> str:
    """Return the label of a release, or its short id if the ledger does not know it."""
    return format_label(label) if label else shorten_id(release)


def format_label_age(at: datetime, now: datetime) -> str:
    past = now - at
    for step, name in ROUGH_UNITS:
        if past >= step:
            return f"{past // step} {name}"
    return "just now"
