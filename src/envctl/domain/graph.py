"""The order in which things that need each other come."""

from collections.abc import Collection, Mapping, Sequence


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
