"""`drift --fix`: check for remaining drift after applying the plan."""

from collections import Counter
from collections.abc import Iterable, Mapping

from envctl.domain.errors import EnvctlError
from envctl.domain.plan.changes import AttributeChange, ResourceChange
from envctl.usecases.deployment.run import Run


def index_by_name(stacks: Iterable[tuple[str, tuple[ResourceChange, ...]]]) -> dict[str, ResourceChange]:
    """Return the changes by ledger name, `STACK: ADDRESS`."""
    return {f"{stack}: {each.address}": each for stack, resources in stacks for each in resources}


def find_remaining(run: Run, unplanned: Iterable[str]) -> tuple[str, ...]:
    """Return the unplanned drift not undone by the apply, including all of an unreadable stack.

    Call it before the states are refreshed: a refresh accepts all drift.
    """
    wanted = [name for name in unplanned if name in run.found]
    now: dict[str, ResourceChange] = {}
    for stack in dict.fromkeys(name.partition(": ")[0] for name in wanted):
        try:
            seen = run.ports.terraform.detect_drift(run.target, run.find_stack(stack), unchanged=True)
        except EnvctlError as error:
            run.ports.observer.on_message(f"{stack} could not be looked at once more: {error.problems[0].message}")
            continue
        now |= index_by_name([(stack, seen.drift.resources)])
    return tuple(name for name in wanted if not (name in now and _is_restored(run.found[name], now[name])))


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
