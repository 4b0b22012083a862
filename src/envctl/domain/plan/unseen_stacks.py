"""Stacks that an approver could not see: their plan is made only once other stacks are applied.

An approval covers what was seen. What such a stack brings needs an approval that names the stack, or a second approval.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from envctl.domain.errors import Problem, UsageError
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import BEHIND, WAITS, PlanMeaning
from envctl.domain.text.lists import listed
from envctl.domain.text.suggestions import suggestion


def list_unseen(plan: EnvironmentPlan) -> Mapping[str, tuple[str, ...]]:
    """The stacks that can't be planned yet, each with those that it waits for."""
    return {stack.stack: stack.waits_for for stack in plan.stacks if stack.waits_for}


def list_left_out(meaning: PlanMeaning, accepted: Sequence[str]) -> tuple[str, ...]:
    """The stacks that an approval of that plan does not cover, since they could not be planned, nor were accepted."""
    waiting = dict.fromkeys(change.stack for change in meaning.changes if change.action in (WAITS, BEHIND))
    return tuple(stack for stack in waiting if stack not in accepted)


def check_unseen(plan: EnvironmentPlan, named: Sequence[str], stacks: Collection[str], command: str) -> tuple[str, ...]:
    """Which of the named stacks an approval accepts unseen: those that wait. Raises UsageError for a name that no stack
    of the release has, and for a stack that holds resources already: what becomes of those has to be seen.
    """
    waiting = {stack.stack: stack for stack in plan.stacks if stack.waits_for}
    for name in named:
        if name not in stacks:
            hint = suggestion(name, stacks)
            raise UsageError(Problem("E475", f"--unseen {name}: the release has no such stack", hint))
        if name in waiting and waiting[name].behind:
            message = f"--unseen {name}: {name} holds resources already, and its plan may change them"
            hint = f"leave it out, and approve again once {_upstream(waiting[name])} applied: {command}"
            raise UsageError(Problem("E476", message, hint))
    return tuple(name for name in waiting if name in named)


def describe_unseen(plan: EnvironmentPlan, accepted: Sequence[str]) -> Iterator[str]:
    """A line for each stack that could not be planned: what it waits for, and whether the approval covers it."""
    for stack in plan.stacks:
        if not stack.waits_for:
            continue
        what = f"not seen: {stack.stack} (waits for {listed(stack.waits_for)})"
        if stack.stack in accepted:
            yield f"{what}; approved unseen: it may create, and nothing else"
        else:
            yield f"{what}; not approved{_way_on(stack)}"


def describe_planned_anew(plan: EnvironmentPlan, needs: Mapping[str, Collection[str]]) -> Iterator[str]:
    """A line for each stack that was planned with outputs of others which the plan changes: it is planned anew."""
    changing = {stack.stack for stack in plan.stacks if stack.outputs}
    for stack in plan.stacks:
        if upstream := [name for name in needs.get(stack.stack, ()) if name in changing and not stack.waits_for]:
            applied = f"{listed(upstream)} {'is' if len(upstream) == 1 else 'are'} applied"
            yield f"planned anew: {stack.stack}, once {applied}; what it then holds beyond this is not approved"


def _way_on(stack: StackPlan) -> str:
    later = f"approve again once {_upstream(stack)} applied"
    return f": {later}" if stack.behind else f": {later}, or add --unseen {stack.stack}"


def _upstream(stack: StackPlan) -> str:
    return f"{listed(stack.waits_for)} {'is' if len(stack.waits_for) == 1 else 'are'}"
