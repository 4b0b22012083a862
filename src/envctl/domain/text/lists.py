"""Lists in sentences, which stay short however long the list is."""

from collections.abc import Sequence


def first_of(names: Sequence[str], most: int, total: int = 0) -> str:
    """The first of them, and how many more there are. `total` counts those too that have no name here."""
    shown = names[:most]
    left = max(total, len(names)) - len(shown)
    return " and ".join(filter(None, (", ".join(shown), f"{left} more" if left else "")))


def listed(names: Sequence[str]) -> str:
    """All of them, as a sentence names them."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
