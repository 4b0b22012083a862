"""Suggestions for misspelled names."""

from collections.abc import Iterable


def find_nearest(name: str, known: Iterable[str]) -> str | None:
    import difflib

    candidates = sorted(known)
    lowered = {candidate.lower(): candidate for candidate in reversed(candidates)}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def suggest_name(name: str, known: Iterable[str]) -> str:
    """Return a hint with the nearest known name, or else all known names; empty if none is known."""
    candidates = sorted(known)
    found = find_nearest(name, candidates)
    if found is not None:
        return f"did you mean {found}?"
    return f"known are: {', '.join(candidates)}" if candidates else ""
