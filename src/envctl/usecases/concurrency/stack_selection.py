"""Some of the stacks of an environment, in place of all."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from envctl.domain.errors import Problem, UsageError
from envctl.domain.graph import reached, turned
from envctl.domain.text.suggestions import nearest


@dataclass(frozen=True)
class Selection:
    """No names mean all stacks. `upstream` adds all that they need, `downstream` all that needs them."""

    names: tuple[str, ...] = ()
    upstream: bool = False
    downstream: bool = False


ALL = Selection()


def selected(selection: Selection, needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """In the order of `needs`. Raises UsageError for a stack that there is not."""
    if not selection.names:
        return tuple(needs)
    problems = [_unknown(name, needs) for name in selection.names if name not in needs]
    if problems:
        raise UsageError(*problems)
    wanted = set(selection.names)
    if selection.upstream:
        wanted |= reached(needs, selection.names)
    if selection.downstream:
        wanted |= reached(turned(needs), selection.names)
    return tuple(name for name in needs if name in wanted)


def _unknown(name: str, stacks: Collection[str]) -> Problem:
    near, listed = nearest(name, stacks), ", ".join(stacks)
    hint = f"did you mean {near}? (the stacks are {listed})" if near else f"the stacks are {listed}"
    return Problem("E029", f"there is no stack {name!r}", hint)
