"""`drift --fix`: whether what had drifted is as it was before, once what is planned is applied."""

from collections import Counter
from collections.abc import Iterable, Mapping

from envctl.domain.errors import EnvctlError
from envctl.domain.plan.changes import AttributeChange, ResourceChange
from envctl.usecases.deployment.run import Run


def by_name(stacks: Iterable[tuple[str, tuple[ResourceChange, ...]]]) -> dict[str, ResourceChange]:
    """What a look has found, by stack and address as the ledger names it."""
    return {f"{stack}: {each.address}": each for stack, resources in stacks for each in resources}


def restored(run: Run) -> set[str]:
    """What no plan holds, and what is planned beside it brings back."""
    return {f"{plan.stack}: {address}" for plan in run.plans.values() for address in plan.restored}


def find_remaining(run: Run, unplanned: Iterable[str]) -> tuple[str, ...]:
    """Of what no plan held, all that a look does not find as it was before it drifted. Looked at before the states take
    in what came of the apply: afterwards everything is as its state says.

    What can't be looked at remains: nobody can say that it is undone.
    """
    wanted = [name for name in unplanned if name in run.found]
    now: dict[str, ResourceChange] = {}
    for stack in dict.fromkeys(name.partition(": ")[0] for name in wanted):
        try:
            seen = run.ports.terraform.look(run.target, run.stack(stack), unchanged=True)
        except EnvctlError as error:
            run.ports.observer.said(f"{stack} could not be looked at once more: {error.problems[0].message}")
            continue
        now |= by_name([(stack, seen.drift.resources)])
    return tuple(name for name in wanted if not (name in now and _is_back(run.found[name], now[name])))


def _is_back(before: ResourceChange, now: ResourceChange) -> bool:
    """The apply took what had drifted into the state; so what came back is the same difference the other way round."""
    gone, come = _differences(before.attributes)
    lost, back = _differences(now.attributes)
    return gone == back and come == lost


def _differences(attributes: Iterable[AttributeChange]) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """The values that went and came, without the places that they had in lists: those move with what is beside them."""
    changes = tuple(attributes)
    before = Counter(repr(each.before) for each in changes if each.before is not None)
    after = Counter(repr(each.after) for each in changes if each.after is not None)
    return before - after, after - before
