"""Is a plan a subset of an approved one? The planned changes beyond the approved ones."""

from collections.abc import Collection, Mapping

from envctl.domain.plan.changes import Action
from envctl.domain.plan.fingerprint import (
    OUTPUT_PREFIX,
    SENSITIVE,
    SENSITIVE_UNKNOWN,
    UNKNOWN,
    WAITS,
    PlanFingerprint,
    PlannedChange,
    list_enclosing_paths,
)

_FULLY_PLANNED = frozenset({Action.CREATE.value, Action.IMPORT.value, Action.READ.value, Action.INVOKE.value})
# What a stack may do that was approved or confirmed before it could be planned.
ADDED = frozenset({Action.CREATE.value, Action.READ.value})
# The same for objects in a cluster that the deployment itself makes.
TAKEN_OVER = ADDED | {Action.UPDATE.value, Action.IMPORT.value}
_OUTPUT_WRITES = frozenset({Action.CREATE.value, Action.UPDATE.value})


def find_unapproved_changes(
    plan: PlanFingerprint,
    approved: PlanFingerprint,
    unseen: Collection[str] = (),
    in_new_clusters: Collection[str] = (),
) -> tuple[PlannedChange, ...]:
    """Return the planned changes beyond the approved ones; empty for the same or fewer changes.

    `unseen` names stacks approved although they could not be planned, and `in_new_clusters` those whose cluster the
    deployment itself makes.
    """
    if approved.format != plan.format:
        return plan.changes
    known: dict[tuple[str, str], list[PlannedChange]] = {}
    for seen in approved.changes:
        known.setdefault((seen.stack, seen.address), []).append(seen)
    waiting = {change.stack for change in approved.changes if change.action == WAITS and change.stack in unseen}

    def covered(change: PlannedChange) -> bool:
        # A waiting stack has no resources yet: its plan may only create and read. In a new cluster it may also change
        # what came with the cluster.
        if change.stack in waiting and change.action in (TAKEN_OVER if change.stack in in_new_clusters else ADDED):
            return True
        left = known.get((change.stack, change.address), [])
        found = next((seen for seen in left if _is_same_kind(change, seen) and _is_within_approved(change, seen)), None)
        if found is not None:
            # Each covers one change: an action may be invoked more than once.
            left.remove(found)
        return found is not None

    return tuple(change for change in plan.changes if not covered(change))


def _is_same_kind(change: PlannedChange, approved: PlannedChange) -> bool:
    if change.type != approved.type or change.action == approved.action:
        return change.type == approved.type
    # An interrupted apply may have written some outputs already: only the value counts.
    return change.address.startswith(OUTPUT_PREFIX) and {change.action, approved.action} <= _OUTPUT_WRITES


def _is_within_approved(change: PlannedChange, approved: PlannedChange) -> bool:
    """Check that every planned value was approved. Some may exist already, but a new resource needs all of them."""
    if any(not _is_value_approved(path, digest, approved.values) for path, digest in change.values.items()):
        return False
    if change.action not in _FULLY_PLANNED and not change.address.startswith(OUTPUT_PREFIX):
        return True
    later = (UNKNOWN, SENSITIVE_UNKNOWN)
    return all(digest in later or path in change.values for path, digest in approved.values.items())


def _is_value_approved(path: str, digest: str, approved: Mapping[str, str]) -> bool:
    """Check that the value was approved as it is, or as known after apply."""
    seen = approved.get(path)
    if seen == digest or (seen == SENSITIVE_UNKNOWN and digest == SENSITIVE):
        return True
    return any(approved.get(each) == UNKNOWN for each in list_enclosing_paths(path))
