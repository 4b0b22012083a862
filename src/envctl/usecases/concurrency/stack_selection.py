"""A selection of stacks of an environment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from envctl.domain.errors import Problem, UsageError
from envctl.domain.graph import reverse_graph, transitive_closure
from envctl.domain.text.suggestions import find_nearest


@dataclass(frozen=True)
class StackSelection:
    """Selected stacks; no names mean all. `upstream` adds all they need, `downstream` all that need them."""

    names: tuple[str, ...] = ()
    upstream: bool = False
    downstream: bool = False


ALL_STACKS = StackSelection()


def select_stacks(selection: StackSelection, needs: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    """Return the selected stacks in the order of `needs`. Raises UsageError for an unknown stack."""
    if not selection.names:
        return tuple(needs)
    problems = [_unknown_stack_problem(name, needs) for name in selection.names if name not in needs]
    if problems:
        raise UsageError(*problems)
    wanted = set(selection.names)
    if selection.upstream:
        wanted |= transitive_closure(needs, selection.names)
    if selection.downstream:
        wanted |= transitive_closure(reverse_graph(needs), selection.names)
    return tuple(name for name in needs if name in wanted)


def _unknown_stack_problem(name: str, stacks: Collection[str]) -> Problem:
    near, listed = find_nearest(name, stacks), ", ".join(stacks)
    hint = f"did you mean {near}? (the stacks are {listed})" if near else f"the stacks are {listed}"
    return Problem("E029", f"there is no stack {name!r}", hint)
