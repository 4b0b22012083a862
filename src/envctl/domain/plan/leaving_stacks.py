"""Changes of the set of stacks when another release follows: removed stacks leave, renamed ones keep their state."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Fate = Literal["destroy", "forget"]
Leaves = Literal["", "destroy", "forget"]
"""The fate of a stack; empty if it stays or is undecided."""
FATES: tuple[Fate, ...] = ("destroy", "forget")


@dataclass(frozen=True)
class Changeover:
    """The changes of the set of stacks of an environment.

    Attributes:
        leaving: stacks missing in the release, each with its fate; empty if undecided.
        moves: stacks taking over the state of another one, each with the name of the latter.
        former_names: stacks with addresses of a former name in their state until the next apply.
        new_stacks: stacks of the release missing in the environment.
    """

    leaving: Mapping[str, Leaves] = field(default_factory=dict)
    moves: Mapping[str, str] = field(default_factory=dict)
    former_names: Mapping[str, str] = field(default_factory=dict)
    new_stacks: tuple[str, ...] = ()

    def expand_applied(self, stacks: frozenset[str]) -> frozenset[str]:
        """Add stacks with a state taken over from an applied stack."""
        return stacks | {new for new, old in self.moves.items() if old in stacks}

    def limit_to(self, only: Collection[str]) -> "Changeover":
        """Return it for these stacks; empty: all. Stacks leave only with a deployment of the whole release."""
        return replace(self, leaving={}) if only else self


NO_CHANGEOVER = Changeover()


def plan_changeover(
    held: Collection[str],
    renamed: Mapping[str, str],
    renamed_before: Mapping[str, str],
    fates: Mapping[str, Fate],
    unsettled: Mapping[str, str],
) -> Changeover:
    """Compare the stacks of an environment (`held`) with those of a release.

    `renamed` maps each stack of the release to its former name, or to an empty text; `renamed_before` does so for the
    release deployed before. `unsettled` maps stacks with a taken over state to its former name until their next apply.
    """
    undone = {old: new for new, old in renamed_before.items() if old in renamed}
    moves = {
        new: old
        for new, old in {**undone, **{new: old for new, old in renamed.items() if old}}.items()
        if old in held and new not in held and old not in renamed
    }
    called = {**{new: old for new, old in unsettled.items() if new in renamed}, **moves}
    left = sorted(set(held) - renamed.keys() - set(moves.values()))
    coming = tuple(name for name in renamed if name not in held and name not in moves)
    return Changeover({name: fates.get(name, "") for name in left}, moves, called, coming)
