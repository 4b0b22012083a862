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
    problems, listed = [], f"the stacks are {', '.join(needs)}"
    for name in (name for name in selection.names if name not in needs):
        near = find_nearest(name, needs)
        hint = f"did you mean {near}? ({listed})" if near else listed
        problems.append(Problem("E029", f"there is no stack {name!r}", hint))
    if problems:
        raise UsageError(*problems)
    wanted = set(selection.names)
    if selection.upstream:
        wanted |= transitive_closure(needs, selection.names)
    if selection.downstream:
        wanted |= transitive_closure(reverse_graph(needs), selection.names)
    return tuple(name for name in needs if name in wanted)
