"""The leaves of a document, such as JSON."""

from collections.abc import Collection, Iterator, Mapping


def walk_leaves(value: object) -> Iterator[object]:
    """Yield what the maps and lists of a value hold at any depth, or the value itself."""
    if isinstance(value, Mapping):
        value = value.values()
    if isinstance(value, Collection) and not isinstance(value, str):
        for item in value:
            yield from walk_leaves(item)
    else:
        yield value
