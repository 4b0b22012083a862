"""Lists in sentences, short even for long lists."""

from collections.abc import Sequence


def join_first(names: Sequence[str], most: int, total: int = 0) -> str:
    """Join the first `most` names and the number of the others. `total` also counts unnamed ones."""
    shown = names[:most]
    left = max(total, len(names)) - len(shown)
    return " and ".join(filter(None, (", ".join(shown), f"{left} more" if left else "")))


def join_names(names: Sequence[str]) -> str:
    """Join all names with commas and "and"."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
