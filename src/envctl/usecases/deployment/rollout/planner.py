"""Plan the rollouts of a deployment: stacks with changed artifacts, their steps, alarms and checks."""

from collections.abc import Collection

from envctl.domain.config.project import Project, Stack
from envctl.domain.config.rollout import AT_ONCE, Rollout, describe_rollout
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.operation import Operation
from envctl.domain.rollout.traffic import Traffic, find_final_weight, list_step_weights
from envctl.usecases.deployment import verification
from envctl.usecases.deployment.rollout import monitor
from envctl.usecases.deployment.rollout.run import set_traffic_weight
from envctl.usecases.deployment.run import Run, require
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.deployment.traffic.rollout_model import StackRollout, WatchList


def write_end_positions(run: Run, here: EnvironmentState) -> None:
    """Write the root modules again if the recorded traffic has changed since rendering."""
    live = {name: here.traffic.get(name) for name in require(run.prepared).traffic}
    if rendering.format_traffic(live) != require(run.prepared).traffic:
        for name, traffic in live.items():
            end = find_final_weight(traffic.live if traffic else None, _find_artifact(run, name))
            set_traffic_weight(run, name, end)


def plan_rollouts(run: Run, here: EnvironmentState) -> dict[str, StackRollout]:
    """Return the planned rollouts by stack. Raise OperationFailedError if one is already in progress."""
    found: dict[str, StackRollout] = {}
    for name in require(run.prepared).traffic if run.action != "destroy" else ():
        if name not in run.plans:
            continue
        traffic = here.traffic.get(name)
        if traffic is not None and traffic.live.value != _find_artifact(run, name):
            _require_at_rest(run, name, traffic)
            found[name] = _plan_rollout(run, name, traffic)
        elif traffic is None and name in here.stacks and run.plans[name].changes:
            unknown = f"nobody knows which colour has the requests in {run.target}"
            run.ports.observer.on_message(f"{name}: {unknown}, so that there are no steps this time")
    return found


def _plan_rollout(run: Run, name: str, traffic: Traffic) -> StackRollout:
    value, stack = _find_artifact(run, name), run.project.stacks.get(name)
    rollout, end = stack.rollout if stack else None, find_final_weight(traffic.live, value)
    if stack is None or rollout is None:
        if run.action != "rollback":
            lack = f"envctl.toml no longer has [stacks.{name}]"
            run.ports.observer.on_message(f"{name}: {lack}, so that its requests go over at once, without steps")
        return StackRollout(name, traffic.live, list_step_weights(traffic.live, value, AT_ONCE), end)
    if run.action == "rollback":
        # It is urgent, and gets all traffic at once.
        return StackRollout(name, traffic.live, list_step_weights(traffic.live, value, AT_ONCE), end)
    steps = list_step_weights(traffic.live, value, rollout.steps)
    watched = _select_watched(run, stack, rollout)
    others = monitor.read_other_outputs(run.ports, require(run.prepared), name, watched)
    watched = WatchList(watched.alarms, watched.checks, others, watched.region)
    return StackRollout(name, traffic.live, steps, end, rollout.wait, watched)


def _select_watched(run: Run, stack: Stack, rollout: Rollout) -> WatchList:
    asked = verification.select_checks(run.project, run.target, sandbox=run.ports.sandbox)
    for name in rollout.abort_checks:
        if name not in asked:
            message = f"check {name} is not asked in {run.target}: no rollout is stopped by it there"
            run.ports.observer.on_message(message)
    checks = {name: asked[name] for name in rollout.abort_checks if name in asked}
    region = run.project.environments[run.target].regions[stack.region] if stack.region else ""
    return WatchList(rollout.abort_alarms, checks, region=region)


def _require_at_rest(run: Run, name: str, traffic: Traffic) -> None:
    if traffic.shift is None:
        return
    message = (
        f"the requests of {name} in {run.target} are shared: a rollout was stopped after {traffic.shift.percent} %"
        f" of them had gone to {traffic.shift.color}, and could not go back"
    )
    raise OperationFailedError(Problem("E336", message, f"envctl recover {run.target}"))


def _find_artifact(run: Run, stack: str) -> str:
    return rendering.resolve_artifact(run.project, require(run.release), require(run.settings), stack)


def describe_rollouts(project: Project, stacks: Collection[str], action: Operation) -> dict[str, str]:
    """Return descriptions of the rollouts by stack, for a dry run."""
    found = {name: each.rollout for name, each in project.stacks.items() if name in stacks}
    if action == "destroy":
        return {}
    return {name: describe_rollout(rollout, action) for name, rollout in found.items() if rollout}
