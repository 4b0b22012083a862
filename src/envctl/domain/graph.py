"""Dependency graphs: topological order, closure, reversal and restriction. A graph maps each name to its needs."""

from collections.abc import Collection, Iterable, Mapping, Sequence


class CycleError(ValueError):
    """The graph has a cycle; the path begins and ends with the same name."""

    def __init__(self, path: Sequence[str]) -> None:
        super().__init__(" → ".join(path))
        self.path = tuple(path)


def order_stacks(needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the names in topological order, ties as declared. Undeclared needs are ignored. Raises CycleError."""
    ordered: list[str] = []
    waiting = dict.fromkeys(needs)
    while waiting:
        ready = next((name for name in waiting if not waiting.keys() & set(needs[name])), None)
        if ready is None:
            raise CycleError(_find_cycle(needs, waiting))
        ordered.append(ready)
        del waiting[ready]
    return tuple(ordered)


def transitive_closure(needs: Mapping[str, Collection[str]], names: Iterable[str]) -> frozenset[str]:
    """Return these names and all their direct and indirect needs."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(needs.get(name, ()))
    return frozenset(found)


def reverse_graph(needs: Mapping[str, Collection[str]]) -> dict[str, tuple[str, ...]]:
    """Return the reversed graph, each name with its dependents: the order for destroying."""
    dependents: dict[str, dict[str, None]] = {name: {} for name in needs}
    for other, needed in needs.items():
        for name in needed:
            if name in dependents:
                dependents[name][other] = None
    return {name: tuple(found) for name, found in dependents.items()}


def restrict_graph(needs: Mapping[str, Collection[str]], names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the graph of these names alone; dependencies through omitted names are kept as direct ones."""
    restricted = {}
    for name in (name for name in needs if name in names):
        left_out = [other for other in needs[name] if other not in names]
        restricted[name] = tuple(sorted((set(needs[name]) | transitive_closure(needs, left_out)) & set(names)))
    return restricted


def _find_cycle(needs: Mapping[str, Collection[str]], waiting: Collection[str]) -> list[str]:
    path = [next(iter(waiting))]
    while True:
        # In the order of declaration: the order of a set would differ between runs.
        following = next(other for other in waiting if other in needs[path[-1]])
        if following in path:
            return [*path[path.index(following) :], following]
        path.append(following)
