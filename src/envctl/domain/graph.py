"""The order in which things that need each other come, and what may come side by side."""

from collections.abc import Collection, Iterable, Mapping, Sequence


class CircleError(ValueError):
    """Names that need each other in a circle; the path begins and ends with the same name."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(" → ".join(path))
        self.path = tuple(path)


def order_stacks(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Every name after all that it needs; where that leaves a choice, the order of declaration decides.

    Needs that are not declared themselves are left out.
    """
    ordered: list[str] = []
    waiting = dict.fromkeys(needs)
    while waiting:
        ready = next((name for name in waiting if not _open(needs, name, waiting)), None)
        if ready is None:
            raise CircleError(_circle(needs, waiting))
        ordered.append(ready)
        del waiting[ready]
    return tuple(ordered)


def reached(needs: Mapping[str, Collection[str]], names: Iterable[str]) -> frozenset[str]:
    """Those, and all that they need, directly or not."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs.get(name, ()))
    return frozenset(found)


def turned(needs: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Who is needed by whom: the order in which things are taken away."""
    return {name: tuple(other for other in needs if name in needs[other]) for name in needs}


def within(needs: Mapping[str, Collection[str]], names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Those names alone. What needs another one through a name that is left out still comes after it."""
    return {name: _within(needs, name, names) for name in needs if name in names}


def _within(needs: Mapping[str, Collection[str]], name: str, names: Collection[str]) -> tuple[str, ...]:
    left_out = [other for other in needs[name] if other not in names]
    return tuple(sorted((set(needs[name]) | reached(needs, left_out)) & set(names)))


def _open(needs: Mapping[str, Collection[str]], name: str, waiting: Collection[str]) -> list[str]:
    # In the order of declaration: a set of needs must not make the answer differ between runs.
    return [other for other in waiting if other in needs[name]]


def _circle(needs: Mapping[str, Collection[str]], waiting: Collection[str]) -> list[str]:
    path = [next(iter(waiting))]
    while True:
        following = _open(needs, path[-1], waiting)[0]
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
