"""Plan the rollouts of a deployment: stacks with changed artifacts, their steps, alarms and checks."""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.command_lines import format_command
from envctl.domain.config.rollout import AT_ONCE, Rollout
from envctl.domain.config.stacks import Stack
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.plan.changes import StackPlan
from envctl.domain.rollout.traffic import Traffic, find_final_weight, list_step_weights
from envctl.usecases.deployment import prepare, verification
from envctl.usecases.deployment.progress import InitializedRelease
from envctl.usecases.deployment.rollout import monitor
from envctl.usecases.deployment.rollout.run import write_traffic_weight
from envctl.usecases.deployment.rollout_model import StackRollout, WatchList


def write_end_positions(prepared: InitializedRelease, here: EnvironmentState) -> None:
    """Write the root modules again if the recorded traffic has changed since rendering."""
    live = {name: here.traffic.get(name) for name in prepared.environment.traffic}
    if prepare.format_traffic(live) != prepared.environment.traffic:
        for name, traffic in live.items():
            end = find_final_weight(traffic.live if traffic else None, _find_artifact(prepared, name))
            write_traffic_weight(prepared, name, end, prepared.guard_request.changeover)


def plan_rollouts(
    prepared: InitializedRelease, plans: Mapping[str, StackPlan], here: EnvironmentState
) -> dict[str, StackRollout]:
    """Return the planned rollouts by stack. Raise OperationFailedError if one is already in progress."""
    found: dict[str, StackRollout] = {}
    target = prepared.request.target
    for name in prepared.environment.traffic if prepared.request.action != "destroy" else ():
        if name not in plans:
            continue
        traffic = here.traffic.get(name)
        if traffic is not None and traffic.live.value != _find_artifact(prepared, name):
            _require_at_rest(target, name, traffic)
            found[name] = _plan_rollout(prepared, name, traffic)
        elif traffic is None and name in here.stacks and plans[name].changes:
            unknown = f"active color in {target} is unknown"
            message = f"{name}: {unknown}; deploying without traffic steps"
            prepared.request.context.ports.observer.on_message(message)
    return found


def _plan_rollout(prepared: InitializedRelease, name: str, traffic: Traffic) -> StackRollout:
    ports, project, action = prepared.request.context.ports, prepared.request.context.project, prepared.request.action
    value, stack = _find_artifact(prepared, name), project.stacks.get(name)
    rollout, end = stack.rollout if stack else None, find_final_weight(traffic.live, value)
    if stack is None or rollout is None:
        if action != "rollback":
            lack = f"envctl.toml no longer has [stacks.{name}]"
            ports.observer.on_message(f"{name}: {lack}; all requests move at once, without steps")
        return StackRollout(name, traffic.live, list_step_weights(traffic.live, value, AT_ONCE), end)
    if action == "rollback":
        # It is urgent, and gets all traffic at once.
        return StackRollout(name, traffic.live, list_step_weights(traffic.live, value, AT_ONCE), end)
    steps = list_step_weights(traffic.live, value, rollout.steps)
    watched = _select_watched(prepared, stack, rollout)
    others = monitor.read_other_outputs(ports, prepared.environment, name, watched)
    return StackRollout(name, traffic.live, steps, end, rollout.wait, replace(watched, outputs=others))


def _select_watched(prepared: InitializedRelease, stack: Stack, rollout: Rollout) -> WatchList:
    ports, project, target = prepared.request.context.ports, prepared.request.context.project, prepared.request.target
    asked = verification.select_checks(project, target, sandbox=ports.sandbox)
    for name in rollout.abort_checks:
        if name not in asked:
            ports.observer.on_message(f"check {name} does not run in {target}: it can't stop a rollout there")
    checks = {name: asked[name] for name in rollout.abort_checks if name in asked}
    region = project.environments[target].regions[stack.region] if stack.region else ""
    return WatchList(rollout.abort_alarms, checks, region=region)


def _require_at_rest(target: str, name: str, traffic: Traffic) -> None:
    if traffic.shift is None:
        return
    message = (
        f"the requests of {name} in {target} are split: a rollout was stopped after {traffic.shift.percent} %"
        f" of them moved to {traffic.shift.color}, and they could not be sent back"
    )
    raise OperationFailedError(Problem("E336", message, format_command("recover", target)))


def _find_artifact(prepared: InitializedRelease, stack: str) -> str:
    return prepare.resolve_artifact(prepared.request.context.project, prepared.release, prepared.settings, stack)
