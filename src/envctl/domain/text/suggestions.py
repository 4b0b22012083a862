"""The known name that somebody most likely meant."""

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str | None:
    import difflib

    candidates = sorted(known)
    lowered = {candidate.lower(): candidate for candidate in reversed(candidates)}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """A sentence for a hint: the nearest name, or else the names there are."""
    candidates = sorted(known)
    found = nearest(name, candidates)
    if found is not None:
        return f"did you mean {found}?"
    return f"known are: {', '.join(candidates)}" if candidates else ""
