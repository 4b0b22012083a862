"""Plan the rollouts of a deployment: stacks with changed artifacts, their steps, alarms and checks."""

from collections.abc import Collection, Iterator

from envctl.domain.config.project import Project, Stack
from envctl.domain.config.rollout import AT_ONCE, Rollout, describe_rollout, list_steps
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
            set_traffic_weight(
                run, name, find_final_weight(traffic.live if traffic else None, _find_artifact(run, name))
            )


def plan_rollouts(run: Run, here: EnvironmentState) -> dict[str, StackRollout]:
    """Return the planned rollouts by stack. Raise OperationFailedError if one is already in progress."""
    return {rolling.stack: rolling for rolling in _iterate_rollouts(run, here)} if run.action != "destroy" else {}


def _iterate_rollouts(run: Run, here: EnvironmentState) -> Iterator[StackRollout]:
    for name in require(run.prepared).traffic:
        if name not in run.plans:
            continue
        if (traffic := here.traffic.get(name)) is None:
            _report_unknown_color(run, here, name)
        elif traffic.live.value != _find_artifact(run, name):
            _require_at_rest(run, name, traffic)
            yield _plan_rollout(run, name, traffic)


def _plan_rollout(run: Run, name: str, traffic: Traffic) -> StackRollout:
    value, stack = _find_artifact(run, name), run.project.stacks.get(name)
    rollout, end = stack.rollout if stack else None, find_final_weight(traffic.live, value)
    if stack is None or rollout is None:
        if run.action != "rollback":
            _report_missing_config(run, name)
        return StackRollout(name, traffic.live, list_step_weights(traffic.live, value, AT_ONCE), end)
    steps = list_step_weights(traffic.live, value, list_steps(rollout, run.action))
    if run.action == "rollback":
        return StackRollout(name, traffic.live, steps, end)
    watched = _select_watched(run, stack, rollout)
    others = monitor.read_other_outputs(run.ports, require(run.prepared), name, watched)
    watched = WatchList(watched.alarms, watched.checks, others, watched.region)
    return StackRollout(name, traffic.live, steps, end, rollout.wait, watched)


def _select_watched(run: Run, stack: Stack, rollout: Rollout) -> WatchList:
    asked = verification.select_checks(run.project, run.target, sandbox=run.ports.sandbox)
    for name in rollout.abort_checks:
        if name not in asked:
            run.ports.observer.on_message(
                f"check {name} is not asked in {run.target}: no rollout is stopped by it there"
            )
    checks = {name: asked[name] for name in rollout.abort_checks if name in asked}
    region = run.project.environments[run.target].regions[stack.region] if stack.region else ""
    return WatchList(rollout.abort_alarms, checks, region=region)


def _report_unknown_color(run: Run, here: EnvironmentState, name: str) -> None:
    if name in here.stacks and run.plans[name].changes:
        message = (
            f"{name}: nobody knows which colour has the requests in {run.target}, so that there are no steps this time"
        )
        run.ports.observer.on_message(message)


def _report_missing_config(run: Run, name: str) -> None:
    message = f"{name}: envctl.toml no longer has [stacks.{name}], so that its requests go over at once, without steps"
    run.ports.observer.on_message(message)


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
