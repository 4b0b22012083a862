"""What a step of a rollout may do: a part of what was approved as a whole, and nothing else.

Approved is the plan to the end: the new colour is there, the requests are with it, and the old colour is gone. A step
gets a part of the way, so that its values are others than those at the end; what it does to which resource is not.
"""

from collections.abc import Iterable

from envctl.domain.plan.changes import Action, ResourceChange, StackPlan

_DESTROYS = frozenset({Action.DELETE, Action.REPLACE})
_CHANGES = frozenset({Action.UPDATE, Action.REPLACE})
_TOUCHES_NOTHING = frozenset({Action.READ})


def beyond(step: StackPlan, approved: StackPlan) -> tuple[ResourceChange, ...]:
    """What a step would do that is no part of the way. It deletes nothing: that is left to the end.

    What is gone at the end may be changed until then. A setting that both colours have reaches the old one in the first
    step, and the plan to the end says of that colour only that it goes.
    """
    known = _by_address(approved.resources)
    return tuple(each for each in _touching(step) if not _on_the_way(each, known.get(each.address)))


def _on_the_way(change: ResourceChange, approved: ResourceChange | None) -> bool:
    if approved is None or approved.type != change.type or change.action is Action.DELETE:
        return False
    if change.moved_from and change.moved_from != approved.moved_from:
        return False
    if change.action is Action.MOVE:
        # The first step gives it its new address, whatever becomes of it at the end.
        return True
    if approved.action in _DESTROYS and change.action in _CHANGES:
        return True
    return approved.action == change.action


def astray(back: StackPlan, approved: StackPlan) -> tuple[ResourceChange, ...]:
    """What going back would destroy that the way there had nothing to do with. All else may be done: the requests come
    first, and whatever does not destroy can be put right afterwards.
    """
    known = _by_address(approved.resources)
    return tuple(each for each in back.resources if each.action in _DESTROYS and each.address not in known)


def _touching(plan: StackPlan) -> Iterable[ResourceChange]:
    return (each for each in plan.resources if each.action not in _TOUCHES_NOTHING)


def _by_address(resources: Iterable[ResourceChange]) -> dict[str, ResourceChange]:
    return {each.address: each for each in resources}
