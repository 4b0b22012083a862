"""Limits of a rollout step: part of the approved plan, and no other changes.

The approved plan is the one to the end: new color created, traffic moved, old color destroyed. A step has other values
than the end, but the same actions on the same resources.
"""

from envctl.domain.plan.changes import Action, ResourceChange, StackPlan

_DESTROYS = frozenset({Action.DELETE, Action.REPLACE})
_CHANGES = frozenset({Action.UPDATE, Action.REPLACE})


def find_uncovered_changes(step: StackPlan, approved: StackPlan) -> tuple[ResourceChange, ...]:
    """Return the changes of a step outside the approved plan. Deletes are left to the end. Resources destroyed at the
    end may change before: a shared setting reaches the old color in the first step.
    """
    known = {each.address: each for each in approved.resources}
    changing = (each for each in step.resources if each.action is not Action.READ)
    return tuple(each for each in changing if not _is_covered(each, known.get(each.address)))


def _is_covered(change: ResourceChange, approved: ResourceChange | None) -> bool:
    if approved is None or approved.type != change.type or change.action is Action.DELETE:
        return False
    if change.moved_from and change.moved_from != approved.moved_from:
        return False
    if change.action is Action.MOVE:
        # The first step moves it to its new address.
        return True
    if approved.action in _DESTROYS and change.action in _CHANGES:
        return True
    return approved.action == change.action


def find_unrelated_destroys(back: StackPlan, approved: StackPlan) -> tuple[ResourceChange, ...]:
    """Return the resources an abort would destroy without any part in the approved plan. Other changes are permitted:
    traffic comes first, and they can be fixed later.
    """
    known = {each.address for each in approved.resources}
    return tuple(each for each in back.resources if each.action in _DESTROYS and each.address not in known)
