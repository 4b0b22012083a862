"""Names in messages: lists of them, and the nearest known one."""

import difflib
from collections.abc import Iterable, Sequence


def join_first(names: Sequence[str], most: int) -> str:
    """Join the first `most` names and the number of the others."""
    shown = names[:most]
    left = len(names) - len(shown)
    return " and ".join(filter(None, (", ".join(shown), f"{left} more" if left else "")))


def join_names(names: Sequence[str]) -> str:
    """Join all names with commas and "and"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that is most like this one; None if none is."""
    candidates = sorted(known)
    lowered = {candidate.lower(): candidate for candidate in reversed(candidates)}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None
