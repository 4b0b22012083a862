"""The release that a person names: by its id, its commit, or the number of a request."""

import re

from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, UsageError
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import LedgerState, to_label
from envctl.domain.release_label import format_label

MAX_CANDIDATES = 5
MIN_ID_PREFIX = 4
MIN_COMMIT_PREFIX = 7
# GitLab writes merge requests with an exclamation mark.
_REQUEST = re.compile(r"[#!]([1-9][0-9]{0,8})")


def find_release(present: LedgerState, name: str) -> str:
    """Return the id of the release with this name: any part from the beginning of its id or commit, or `#42`, the
    number of its pull or merge request. Raises UsageError (E003) unless exactly one has it.
    """
    found = find_named_releases(present, name)
    if len(found) == 1:
        return found[0].release
    if not found:
        raise UsageError(Problem("E003", _describe_unknown(name), format_command("releases")))
    labels = [format_label(to_label(known)) for known in found]
    rest = len(labels) - MAX_CANDIDATES
    listed = "\n".join((*labels[:MAX_CANDIDATES], *([f"and {rest} more"] if rest > 0 else [])))
    message = f"{name!r} names {len(found)} releases:\n{listed}"
    raise UsageError(Problem("E003", message, f"name one by its id: {format_command('releases')}"))


def _describe_unknown(name: str) -> str:
    if _REQUEST.fullmatch(name):
        return f"no release was made from the pull or merge request {name}"
    short = len(name) < MIN_ID_PREFIX
    needed = f": {MIN_ID_PREFIX} characters of its id are needed, or {MIN_COMMIT_PREFIX} of its commit" if short else ""
    return f"no release is named {name!r}{needed}"


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
