"""What becomes of the stacks of an environment when another release follows there: those that the release has no more
leave, and those that it calls by another name take their state along.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

Fate = Literal["destroy", "forget"]
Leaves = Literal["", "destroy", "forget"]
"""What becomes of a stack, or nothing where it stays or where nobody said it."""
FATES: tuple[Fate, ...] = ("destroy", "forget")


@dataclass(frozen=True)
class Changeover:
    """Attributes:

    leaving: the stacks that the environment holds and the release has no more, each with what was said to become of
        it; empty where nothing was.
    moves: the stacks that take over the state of another one, each with the name of that one.
    called: the stacks whose state holds addresses of another name as long as they were not applied.
    coming: the stacks of the release that the environment does not hold.
    """

    leaving: Mapping[str, Leaves] = field(default_factory=dict)
    moves: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[str, str] = field(default_factory=dict)
    coming: tuple[str, ...] = ()

    def applied(self, stacks: frozenset[str]) -> frozenset[str]:
        """The stacks that count as applied, of those that were: a state that is taken over is there."""
        return stacks | {new for new, old in self.moves.items() if old in stacks}

    @property
    def unsaid(self) -> tuple[str, ...]:
        """The stacks that leave, and of which nobody said what becomes of them."""
        return tuple(name for name, fate in self.leaving.items() if not fate)


NO_CHANGEOVER = Changeover()


def compare_stacks(
    held: Collection[str],
    renamed: Mapping[str, str],
    renamed_before: Mapping[str, str],
    fates: Mapping[str, Fate],
    unsettled: Mapping[str, str],
) -> Changeover:
    """`held` are the stacks of the environment. `renamed` are those of the release, each with its earlier name or an
    empty text; `renamed_before` the same of what was deployed there before. `unsettled` are stacks whose state was
    taken over from that of another name, and that were not applied since.
    """
    back = {old: new for new, old in renamed_before.items() if old in renamed}
    moves = {
        new: old
        for new, old in {**back, **{new: old for new, old in renamed.items() if old}}.items()
        if old in held and new not in held and old not in renamed
    }
    called = {**{new: old for new, old in unsettled.items() if new in renamed}, **moves}
    left = sorted(set(held) - renamed.keys() - set(moves.values()))
    coming = tuple(name for name in renamed if name not in held and name not in moves)
    return Changeover({name: fates.get(name, "") for name in left}, moves, called, coming)
