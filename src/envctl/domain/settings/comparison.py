"""Compare the settings of two environments, for display and for the parity guard."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Problem
from envctl.domain.plan.changes import Marker
from envctl.domain.settings.settings import EnvironmentSettings, Setting, format_canonical_json
from envctl.domain.text.lists import join_names

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

    def list_refused(self, may_differ: Collection[str]) -> frozenset[str]:
        """Return the unequal names that are not listed, nor listed for each stack in which they differ."""
        wrong = (pair.name for pair in self.unequal_pairs if not may_pair_differ(pair.name, pair.stacks, may_differ))
        return frozenset(wrong)

    def list_stacks(self) -> Mapping[str, frozenset[str]]:
        """Return the stacks in which each unequal name differs."""
        found: dict[str, frozenset[str]] = {}
        for pair in self.unequal_pairs:
            found[pair.name] = found.get(pair.name, frozenset()).union(pair.stacks)
        return found

    def list_differences(self) -> Mapping[str, tuple[Problem, ...]]:
        """Return the unequal names, or names set on one side alone, with problems that give their lines."""
        found: dict[str, tuple[Problem, ...]] = {}
        for pair in self.unequal_pairs:
            found[pair.name] = (*found.get(pair.name, ()), self._to_problem(pair))
        return found

    def _to_problem(self, pair: Pair) -> Problem:
        first, second = pair.first, pair.second
        # Stacks of one module may have values of their own.
        is_alone = sum(each.name == pair.name for each in self.pairs) == 1
        name = pair.name if is_alone else f"{pair.name} of {join_names(pair.stacks)}"
        if first and second:
            message = f"{name} is different in {self.first}: it comes from {first.location or first.origin}"
        else:
            message = f"{name} is missing in {self.first if second else self.second}"
        shown = second or first
        return Problem(GuardCode.PARITY, message, "", shown.location if shown else None)


def may_pair_differ(name: str, stacks: Collection[str] | None, may_differ: Collection[str]) -> bool:
    """Check if `may_differ` has the name, or `STACK.VARIABLE` for each stack. Unknown stacks have no such names."""
    return name in may_differ or bool(stacks and all(f"{stack}.{name}" in may_differ for stack in stacks))


def compare_settings(
    first: EnvironmentSettings,
    second: EnvironmentSettings,
    *,
    may_differ: Collection[str] = frozenset(),
    refused: frozenset[str] = frozenset(),
) -> Comparison:
    """Compare settings; null equals no value. `refused` are the names known to be refused by parity."""
    # The position of each setting, by name and stack.
    one, other = (
        {(each.name, stack): number for number, each in enumerate(side.settings) for stack in each.stacks}
        for side in (first, second)
    )
    stacks_by_values: dict[tuple[str, int | None, int | None], list[str]] = {}
    for name, stack in sorted(one.keys() | other.keys()):
        values = (name, one.get((name, stack)), other.get((name, stack)))
        stacks_by_values.setdefault(values, []).append(stack)
    pairs: list[Pair] = []
    for (name, left, right), stacks in stacks_by_values.items():
        sides = (None if left is None else first.settings[left], None if right is None else second.settings[right])
        if any(each.origin in _OWN_ORIGINS for each in sides if each):
            relation = _find_relation(*sides)
            parity: Parity = ""
            if relation != "equal":
                parity = (
                    "allowed" if may_pair_differ(name, stacks, may_differ) else "refused" if name in refused else ""
                )
            hidden = any(each.sensitive for each in sides if each)
            ours, theirs = (_redact_setting(each, tuple(stacks), hidden=hidden) for each in sides)
            pairs.append(Pair(name, tuple(stacks), ours, theirs, relation, parity))
    return Comparison(first.environment, second.environment, tuple(pairs), refused)


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
