"""Compare the settings of two environments, for display and for the parity guard."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.errors import Problem
from envctl.domain.plan.changes import Marker
from envctl.domain.settings.values import EnvironmentSettings, Setting, format_canonical_json

Relation = Literal["equal", "differs", "only in first", "only in second"]
Parity = Literal["", "allowed", "refused"]

# Values from a release or from envctl are no decision of an environment.
_OWN_ORIGINS = frozenset({"file", "default"})


@dataclass(frozen=True)
class Pair:
    """A setting on both sides, for all stacks with these values. A value sensitive on one side is redacted on both.

    `parity` tells for unequal values if `[parity]` allows them or its guard would refuse a promotion.
    """

    name: str
    stacks: tuple[str, ...]
    first: Setting | None
    second: Setting | None
    relation: Relation
    parity: Parity = ""


@dataclass(frozen=True)
class Comparison:
    """The settings of two environments, `first` and `second`, without values from a release or envctl.

    `refused` are the names refused by the parity guard, including those equal now and unequal with the same release.
    """

    first: str
    second: str
    pairs: tuple[Pair, ...]
    refused: frozenset[str] = frozenset()

    @property
    def unequal_pairs(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.pairs if pair.relation != "equal")

    def list_differences(self) -> Mapping[str, tuple[Problem, ...]]:
        """Return the unequal names, or names set on one side alone, with problems that give their lines."""
        found: dict[str, tuple[Problem, ...]] = {}
        for pair in self.unequal_pairs:
            found[pair.name] = (*found.get(pair.name, ()), self._to_problem(pair))
        return found

    def _to_problem(self, pair: Pair) -> Problem:
        first, second = pair.first, pair.second
        if first and second:
            message = f"{pair.name} is otherwise in {self.first}: it comes from {first.location or first.origin}"
        else:
            message = f"{pair.name} is not there in {self.first if second else self.second}"
        shown = second or first
        return Problem("G205", message, "", shown.location if shown else None)


def compare_settings(
    first: EnvironmentSettings,
    second: EnvironmentSettings,
    *,
    may_differ: Collection[str] = frozenset(),
    refused: frozenset[str] = frozenset(),
) -> Comparison:
    """Compare settings; null equals no value. `refused` are the names known to be refused by parity."""
    one, other = _index_by_stack(first), _index_by_stack(second)
    stacks_by_values: dict[tuple[str, int | None, int | None], list[str]] = {}
    for name, stack in sorted(one.keys() | other.keys()):
        values = (name, one.get((name, stack)), other.get((name, stack)))
        stacks_by_values.setdefault(values, []).append(stack)
    pairs = (
        _to_pair(name, tuple(stacks), _select_setting(first, left), _select_setting(second, right))
        for (name, left, right), stacks in stacks_by_values.items()
    )
    judged = (
        replace(pair, parity=_judge_parity(pair, may_differ, refused)) for pair in pairs if _is_own_decision(pair)
    )
    return Comparison(first.environment, second.environment, tuple(judged), refused)


def _index_by_stack(settings: EnvironmentSettings) -> dict[tuple[str, str], int]:
    """Return the position of each setting by name and stack."""
    return {(each.name, stack): number for number, each in enumerate(settings.settings) for stack in each.stacks}


def _select_setting(settings: EnvironmentSettings, position: int | None) -> Setting | None:
    return None if position is None else settings.settings[position]


def _to_pair(name: str, stacks: tuple[str, ...], first: Setting | None, second: Setting | None) -> Pair:
    hidden = any(each.sensitive for each in (first, second) if each)
    relation = _find_relation(first, second)
    return Pair(
        name,
        stacks,
        _redact_setting(first, stacks, hidden=hidden),
        _redact_setting(second, stacks, hidden=hidden),
        relation,
    )


def _find_relation(first: Setting | None, second: Setting | None) -> Relation:
    one, other = (format_canonical_json(each.value if each else None) for each in (first, second))
    if one == other:
        return "equal"
    if first is None:
        return "only in second"
    return "only in first" if second is None else "differs"


def _redact_setting(setting: Setting | None, stacks: tuple[str, ...], *, hidden: bool) -> Setting | None:
    if setting is None:
        return None
    value = Marker.SENSITIVE if hidden else setting.value
    return replace(setting, value=value, sensitive=hidden, stacks=stacks)


def _is_own_decision(pair: Pair) -> bool:
    return any(each.origin in _OWN_ORIGINS for each in _list_present(pair))


def _list_present(pair: Pair) -> Iterator[Setting]:
    yield from (each for each in (pair.first, pair.second) if each)


def _judge_parity(pair: Pair, may_differ: Collection[str], refused: Collection[str]) -> Parity:
    if pair.relation == "equal":
        return ""
    if pair.name in may_differ:
        return "allowed"
    return "refused" if pair.name in refused else ""
