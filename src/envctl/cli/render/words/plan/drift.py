"""Drift and pending changes of environments."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from envctl.cli.render.text.detail import SHOW_FULL_PLANS
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.sentences import format_count, join_clauses
from envctl.domain.command_lines import format_command
from envctl.domain.config.stateful_types import STATEFUL
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.domain.plan.drift import SharedDifference, group_differences
from envctl.domain.plan.summary import MAX_CHANGES, fold_changes, is_dangerous
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first
from envctl.usecases.drift.result import Drift, EnvironmentDrift

ACTION_TEXTS = {Action.CREATE: "appeared", Action.DELETE: "gone"}
# Number of ignored differences shown by name.
MAX_IGNORED_NAMED = 5
# With more environments, clean ones are counted instead of listed.
MAX_ENVIRONMENTS = 20


def remove_next_commands(drift: Drift) -> Drift:
    """Remove the suggested commands: they were just carried out."""
    return Drift(tuple(replace(each, next="") for each in drift.environments))


def list_next_commands(drift: Drift) -> tuple[str, ...]:
    """Return next commands, with one to fix the drift of all environments."""
    fixes = {each.environment: format_command("drift", each.environment, fix=True) for each in drift.environments}
    drifted = [each.environment for each in drift.environments if each.next == fixes[each.environment]]
    others = [each.next for each in drift.environments if each.next and each.environment not in drifted]
    return (*([format_command("drift", *drifted, fix=True)] if drifted else []), *others)


def group_findings(drift: Drift) -> tuple[tuple[SharedDifference, ...], tuple[SharedDifference, ...]]:
    stacks = [(each.environment, stack) for each in drift.environments for stack in each.stacks]
    return (
        group_differences((environment, stack.drift) for environment, stack in stacks),
        group_differences((environment, stack.pending) for environment, stack in stacks if stack.pending),
    )


def format_headline(each: EnvironmentDrift) -> str:
    release = f" (release {shorten_id(each.release)})" if each.release else ""
    return f"{', '.join(_list_conditions(each))}{release}"


def format_verdict(drift: Drift) -> str:
    """Return the environments by condition, the worst first, without a final period."""
    drifted = [
        f"{each.environment} ({format_count(each.drifted, 'difference')})"
        for each in drift.environments
        if each.drifted
    ]
    unknown = [each.environment for each in drift.environments if each.unknown]
    clean = [each.environment for each in drift.environments if each.condition == "clean"]
    parts = [
        f"Drift in {join_first(drifted, MAX_ENVIRONMENTS)}" if drifted else "",
        f"could not check {join_first(unknown, MAX_ENVIRONMENTS)}" if unknown else "",
        f"no drift in {join_first(clean, MAX_ENVIRONMENTS)}" if clean else "",
    ]
    return join_clauses(parts) or "No deployments in any environment"


def split_clean(drift: Drift) -> tuple[tuple[EnvironmentDrift, ...], str]:
    """Return the environments to show, and a text for the clean ones if there are many environments."""
    if len(drift.environments) <= MAX_ENVIRONMENTS:
        return drift.environments, ""
    remarkable, quiet = [], []
    for each in drift.environments:
        warned = any(stack.warnings or stack.problems for stack in each.stacks)
        if each.condition != "clean" or each.pending or each.problems or format_ignored(each) or warned:
            remarkable.append(each)
        else:
            quiet.append(each.environment)
    return tuple(remarkable), format_environments(quiet) if quiet else ""


def format_environments(environments: Sequence[str]) -> str:
    return f"{format_count(len(environments), 'environment')} ({join_first(environments, MAX_ENVIRONMENTS)})"


def format_ignored(each: EnvironmentDrift) -> str:
    names = [f"{stack.stack}: {name}" for stack in each.stacks for name in stack.ignored]
    number = format_count(len(names), "difference")
    return f"{number} ignored by its rules: {join_first(names, MAX_IGNORED_NAMED)}" if names else ""


def format_action(action: Action, *, drift: bool) -> str:
    """Return what happened to a drifted resource, or what a plan would do with a pending one."""
    return ACTION_TEXTS.get(action, "changed") if drift else str(action)


def list_stack_notes(each: EnvironmentDrift) -> Iterable[str]:
    if each.recorded:
        count = format_count(each.recorded, "difference")
        yield f"the ledger still has drift ({count}): only a check under the Terraform locks clears it"
    for stack in each.stacks:
        if stack.pending and stack.pending.waits_for:
            yield f"{stack.stack} is not applied yet: it waits for {', '.join(stack.pending.waits_for)}"
        if stack.pending and stack.pending.leaves:
            shows = f"{add_sandbox_flag(format_command('plan', each.environment))} shows its changes"
            yield f"{stack.stack} is not part of the running release: {shows}"


def _list_conditions(each: EnvironmentDrift) -> Iterable[str]:
    match each.condition:
        case "drifted":
            yield f"DRIFTED: {format_count(each.drifted, 'difference')} from the state"
        case "unknown":
            yield "UNKNOWN: it could not be checked"
        case "empty":
            yield "no deployments"
        case _:
            yield "clean"
    some = [stack.stack for stack in each.stacks if stack.condition == "unknown"]
    if some and each.condition == "drifted":
        yield f"and UNKNOWN in {', '.join(some)}"
    if each.pending:
        yield "with pending changes"
    if each.problems and each.condition != "unknown":
        # Guards rely on the recorded result.
        yield "not recorded"


def split_findings(
    findings: Sequence[SharedDifference],
) -> tuple[Sequence[SharedDifference], Mapping[tuple[Action, str, str, tuple[str, ...]], int]]:
    """Return the differences to show one by one; of many, count harmless ones by action, stack, type and place."""
    if len(findings) <= MAX_CHANGES or SHOW_FULL_PLANS.get():
        return findings, {}
    dangerous: dict[tuple[str, tuple[str, ...]], list[ResourceChange]] = {}
    counts: Counter[tuple[Action, str, str, tuple[str, ...]]] = Counter()
    for each in findings:
        if each.resource and is_dangerous(each.resource, STATEFUL):
            dangerous.setdefault((each.stack, each.environments), []).append(each.resource)
        else:
            counts[each.action, each.stack, each.resource.type if each.resource else "output", each.environments] += 1
    shown = [
        SharedDifference(environments, stack, folded.folded_resource)
        for (stack, environments), resources in dangerous.items()
        for folded in fold_changes(resources)
    ]
    return shown, counts
