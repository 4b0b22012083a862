"""Drift and a deployment: what its plans undo, and what remains after them."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Set

from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.ledger.state import DriftCheck
from envctl.domain.plan.changes import AttributeChange, ResourceChange, StackPlan
from envctl.domain.text.lists import join_first
from envctl.usecases.deployment.progress import Attempt

MAX_NAMED = 3


class UnplannedDriftError(OperationFailedError):
    """A fix of drift would leave some of it.

    Attributes:
        names: Ledger names of the drift in no plan; empty if they are not recorded.
    """

    def __init__(self, problem: Problem, names: tuple[str, ...]) -> None:
        super().__init__(problem)
        self.names = names


def index_by_name(stacks: Iterable[tuple[str, tuple[ResourceChange, ...]]]) -> dict[str, ResourceChange]:
    """Return the changes by ledger name, `STACK: ADDRESS`."""
    return {f"{stack}: {each.address}": each for stack, resources in stacks for each in resources}


def find_unplanned(drifted: DriftCheck | None, plans: Collection[StackPlan]) -> list[str]:
    """Return the ledger names of drift outside all plans."""
    planned = {f"{plan.stack}: {resource.address}" for plan in plans for resource in plan.resources}
    # Outputs follow the resources of their stack.
    changed = tuple(f"{plan.stack}: output " for plan in plans if plan.changes)
    names = drifted.resources if drifted else ()
    return [name for name in names if name not in planned and not name.startswith(changed)]


def list_unplanned(drifted: DriftCheck | None, plans: Collection[StackPlan], but: Set[str] = frozenset()) -> str:
    """Return a list of the drift outside all plans, except the names in `but`; empty if there is none."""
    if drifted is None:
        return ""
    left = [name for name in find_unplanned(drifted, plans) if name not in but]
    without_a_name = drifted.drifted - len(drifted.resources)
    return join_first(left, MAX_NAMED, len(left) + without_a_name)


def find_remaining(attempt: Attempt, unplanned: Iterable[str]) -> tuple[str, ...]:
    """Return the unplanned drift not undone by the apply, including all of an unreadable stack.

    Call it before the states are refreshed: a refresh accepts all drift.
    """
    request, found = attempt.request, attempt.request.found_drift
    wanted = [name for name in unplanned if name in found]
    now: dict[str, ResourceChange] = {}
    for stack in dict.fromkeys(name.partition(": ")[0] for name in wanted):
        prepared = attempt.prepared.environment.find_stack(stack)
        try:
            seen = request.context.ports.terraform.detect_drift(request.target, prepared, unchanged=True)
        except EnvctlError as error:
            message = f"{stack} could not be checked again: {error.problems[0].message}"
            request.context.ports.observer.on_message(message)
            continue
        now |= index_by_name([(stack, seen.drift.resources)])
    return tuple(name for name in wanted if not (name in now and _is_restored(found[name], now[name])))


def find_foreign(attempt: Attempt) -> tuple[str, ...]:
    """Return drift of objects that the apply did not undo: fields that others added, and the code does not have."""
    request, remaining = attempt.request, list[str]()
    for stack in dict.fromkeys(name.partition(": ")[0] for name in request.found_drift):
        prepared = attempt.prepared.environment.find_stack(stack)
        if prepared.workload is None:
            continue
        try:
            seen = request.context.ports.terraform.detect_drift(request.target, prepared, unchanged=True)
        except EnvctlError as error:
            request.context.ports.observer.on_message(
                f"{stack} could not be checked again: {error.problems[0].message}"
            )
            continue
        now = index_by_name([(stack, seen.drift.resources)])
        remaining += [name for name in request.found_drift if name in now]
    return tuple(remaining)


def _is_restored(before: ResourceChange, now: ResourceChange) -> bool:
    """Return true if `now` reverses `before`: the apply accepted the drift into the state."""
    gone, come = _count_differences(before.attributes)
    lost, back = _count_differences(now.attributes)
    return gone == back and come == lost


def _count_differences(attributes: Iterable[AttributeChange]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Return the removed and the added values, ignoring list positions: these shift with their neighbors."""
    changes = tuple(attributes)
    before = Counter(repr(each.before) for each in changes if each.before is not None)
    after = Counter(repr(each.after) for each in changes if each.after is not None)
    return before - after, after - before
