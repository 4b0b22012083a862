"""Stacks hidden from the approver: they can be planned only after other stacks are applied.

An approval covers the visible plan. Changes of these stacks need an approval naming them, or a second approval.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from envctl.domain.errors import Problem, UsageError
from envctl.domain.plan.approved_changes import ADDED, TAKEN_OVER
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import BEHIND, WAITS, PlanFingerprint
from envctl.domain.text.lists import join_names
from envctl.domain.text.suggestions import suggest_name


def list_unseen(plan: EnvironmentPlan) -> Mapping[str, tuple[str, ...]]:
    """Return the stacks without a plan yet, each with the stacks it waits for."""
    return {stack.stack: stack.waits_for for stack in plan.stacks if stack.waits_for}


def list_acceptable(plan: EnvironmentPlan) -> tuple[str, ...]:
    """Return the stacks without a plan yet that may be approved unseen: they hold no resources."""
    return tuple(stack.stack for stack in plan.stacks if stack.waits_for and not stack.behind)


def describe_beyond_creation(plan: StackPlan, *, in_new_cluster: bool = False) -> str:
    """Return what a plan does beyond creating the resources of a new stack; empty if it does nothing else. In a new
    cluster it may also change what came with the cluster.
    """
    actions = {resource.action.value for resource in plan.resources} | {output.action.value for output in plan.outputs}
    if beyond := sorted(actions - (TAKEN_OVER if in_new_cluster else ADDED)):
        return f"its plan does more than create ({join_names(beyond)})"
    if plan.in_state:
        return "it already holds resources"
    has_programs = any(resource.programs for resource in plan.resources)
    return "its plan runs programs on this machine" if has_programs else ""


def list_uncovered_stacks(meaning: PlanFingerprint, accepted: Sequence[str]) -> tuple[str, ...]:
    """Return the stacks an approval of that plan does not cover: neither planned nor accepted."""
    waiting = dict.fromkeys(change.stack for change in meaning.changes if change.action in (WAITS, BEHIND))
    return tuple(stack for stack in waiting if stack not in accepted)


def is_behind(meaning: PlanFingerprint | None, stack: str) -> bool:
    """Check if the stack waits in that plan, and held resources. Earlier versions said so of new stacks, too."""
    return meaning is not None and any(each.stack == stack and each.action == BEHIND for each in meaning.changes)


def require_known_stacks(named: Sequence[str], stacks: Collection[str]) -> None:
    """Raise UsageError if the release lacks one of the named stacks: no plan is needed to say so."""
    for name in named:
        if name not in stacks:
            hint = suggest_name(name, stacks)
            raise UsageError(Problem("E475", f"--unseen {name}: the release has no such stack", hint))


def check_unseen(plan: EnvironmentPlan, named: Sequence[str], command: str) -> tuple[str, ...]:
    """Return the named stacks that wait, accepted unseen. Raises UsageError for resources: these have to be seen."""
    waiting = {stack.stack: stack for stack in plan.stacks if stack.waits_for}
    for name in named:
        if name in waiting and waiting[name].behind:
            message = f"--unseen {name}: {name} already holds resources, and its plan may change them"
            hint = f"leave it out, and approve again when {_format_upstream(waiting[name])} applied: {command}"
            raise UsageError(Problem("E476", message, hint))
    return tuple(name for name in waiting if name in named)


def describe_unseen(plan: EnvironmentPlan, accepted: Sequence[str], clusters: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each stack without a plan: the stacks it waits for, and if the approval covers it.

    `clusters` has the output with the name of the cluster, by stack of Kubernetes objects.
    """
    for stack in plan.stacks:
        if not stack.waits_for:
            continue
        line = f"not seen: {stack.stack} (waits for {join_names(stack.waits_for)})"
        if stack.stack in accepted:
            awaited = clusters.get(stack.stack, "").partition(".")[0] in stack.waits_for
            more = ", and change what a new cluster brings" if awaited else ""
            forecast = ""
            if stack.forecast is not None:
                forecast = "; it has no forecast" if stack.forecast.problem else "; the forecast binds nothing"
            yield f"{line}; approved unseen: it may only create{more}{forecast}"
        else:
            unseen = "" if stack.behind else f", or add --unseen {','.join(list_acceptable(plan))}"
            yield f"{line}; not approved: approve again when {_format_upstream(stack)} applied{unseen}"


def describe_replanned(plan: EnvironmentPlan, needs: Mapping[str, Collection[str]]) -> Iterator[str]:
    """Yield a line for each stack planned with outputs the plan changes: it is planned again later."""
    changing = {stack.stack for stack in plan.stacks if stack.outputs}
    for stack in plan.stacks:
        if upstream := [name for name in needs.get(stack.stack, ()) if name in changing and not stack.waits_for]:
            applied = f"{join_names(upstream)} {'is' if len(upstream) == 1 else 'are'} applied"
            yield f"planned again: {stack.stack}, when {applied}; further changes are not approved"


def _format_upstream(stack: StackPlan) -> str:
    return f"{join_names(stack.waits_for)} {'is' if len(stack.waits_for) == 1 else 'are'}"
