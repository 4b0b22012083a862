"""The settings of two environments side by side: what people look at, and what the guard of parity refuses by."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.errors import Problem
from envctl.domain.plan.changes import Marker
from envctl.domain.settings.values import EnvironmentSettings, Setting, canonical

Relation = Literal["equal", "differs", "only in first", "only in second"]
Parity = Literal["", "allowed", "refused"]

# What a release or envctl brings is no decision of an environment.
_DECIDED = frozenset({"file", "default"})


@dataclass(frozen=True)
class Pair:
    """One name in the stacks that take it so on both sides. A value that is sensitive on either side is in neither.

    `parity` says of what is not equal whether `[parity]` allows it, or its guard would refuse a promotion for it.
    """

    name: str
    stacks: tuple[str, ...]
    first: Setting | None
    second: Setting | None
    relation: Relation
    parity: Parity = ""


@dataclass(frozen=True)
class Comparison:
    """`first` and `second` are the environments. What both get from a release or from envctl is left out.

    `refused` are all names that the guard of parity would refuse a promotion for: also those that are equal now, and
    would no longer be once both run the same release.
    """

    first: str
    second: str
    pairs: tuple[Pair, ...]
    refused: frozenset[str] = frozenset()

    @property
    def unequal(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if pair.relation != "equal")

    def differing(self) -> Mapping[str, tuple[Problem, ...]]:
        """The names whose values the environments have otherwise, or only one of them, with the lines to look at."""
        found: dict[str, tuple[Problem, ...]] = {}
        for pair in self.unequal:
            found[pair.name] = (*found.get(pair.name, ()), self._told(pair))
        return found

    def _told(self, pair: Pair) -> Problem:
        there, here = pair.first, pair.second
        if there and here:
            message = f"{pair.name} is otherwise in {self.first}: it comes from {there.location or there.origin}"
        else:
            message = f"{pair.name} is not there in {self.first if here else self.second}"
        shown = here or there
        return Problem("G205", message, "", shown.location if shown else None)


def compare(
    first: EnvironmentSettings,
    second: EnvironmentSettings,
    *,
    may_differ: Collection[str] = frozenset(),
    refused: frozenset[str] = frozenset(),
) -> Comparison:
    """Null and no value at all are the same. `refused` are the names that parity is known to refuse."""
    one, other = _by_stack(first), _by_stack(second)
    together: dict[tuple[str, int | None, int | None], list[str]] = {}
    for name, stack in sorted(one.keys() | other.keys()):
        alike = (name, one.get((name, stack)), other.get((name, stack)))
        together.setdefault(alike, []).append(stack)
    pairs = (
        _pair(name, tuple(stacks), _at(first, left), _at(second, right))
        for (name, left, right), stacks in together.items()
    )
    judged = (replace(pair, parity=_judged(pair, may_differ, refused)) for pair in pairs if _decided(pair))
    return Comparison(first.environment, second.environment, tuple(judged), refused)


def _by_stack(settings: EnvironmentSettings) -> dict[tuple[str, str], int]:
    """The position of each setting, by its name and each stack that takes it."""
    return {(each.name, stack): number for number, each in enumerate(settings.settings) for stack in each.stacks}


def _at(settings: EnvironmentSettings, position: int | None) -> Setting | None:
    return None if position is None else settings.settings[position]


def _pair(name: str, stacks: tuple[str, ...], first: Setting | None, second: Setting | None) -> Pair:
    hidden = any(each.sensitive for each in (first, second) if each)
    relation = _relation(first, second)
    return Pair(name, stacks, _shown(first, stacks, hidden=hidden), _shown(second, stacks, hidden=hidden), relation)


def _relation(first: Setting | None, second: Setting | None) -> Relation:
    one, other = (canonical(each.value if each else None) for each in (first, second))
    if one == other:
        return "equal"
    if first is None:
        return "only in second"
    return "only in first" if second is None else "differs"


def _shown(setting: Setting | None, stacks: tuple[str, ...], *, hidden: bool) -> Setting | None:
    if setting is None:
        return None
    value = Marker.SENSITIVE if hidden else setting.value
    return replace(setting, value=value, sensitive=hidden, stacks=stacks)


def _decided(pair: Pair) -> bool:
    return any(each.origin in _DECIDED for each in _present(pair))


def _present(pair: Pair) -> Iterator[Setting]:
    yield from (each for each in (pair.first, pair.second) if each)


def _judged(pair: Pair, may_differ: Collection[str], refused: Collection[str]) -> Parity:
    if pair.relation == "equal":
        return ""
    if pair.name in may_differ:
        return "allowed"
    return "refused" if pair.name in refused else ""
