"""Which stacks a deployment is going to roll out, found out when it is planned."""

from collections.abc import Collection, Iterator

from envctl.domain.config.project import Project, Stack
from envctl.domain.config.rollout import AT_ONCE, Rollout, explained, steps_of
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import EnvironmentPresent
from envctl.domain.operation import Move
from envctl.domain.rollout.traffic import Traffic, destination, way
from envctl.usecases.deployment import verification
from envctl.usecases.deployment.rollout import monitor
from envctl.usecases.deployment.rollout.run import lay
from envctl.usecases.deployment.run import Run, there
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.deployment.traffic.rollout_model import Rolling, Watched


def lay_ends(run: Run, here: EnvironmentPresent) -> None:
    """The root modules may have been rendered by a present that is over."""
    live = {name: here.traffic.get(name) for name in there(run.prepared).live}
    if rendering.spelt(live) != there(run.prepared).live:
        for name, traffic in live.items():
            lay(run, name, destination(traffic.live if traffic else None, _artifact(run, name)))


def foreseen(run: Run, here: EnvironmentPresent) -> dict[str, Rolling]:
    """Raises OperationFailedError where one is on its way already."""
    return {rolling.stack: rolling for rolling in _foreseen(run, here)} if run.action != "destroy" else {}


def _foreseen(run: Run, here: EnvironmentPresent) -> Iterator[Rolling]:
    for name in there(run.prepared).live:
        if name not in run.plans:
            continue
        if (traffic := here.traffic.get(name)) is None:
            _tell_unknown(run, here, name)
        elif traffic.live.value != _artifact(run, name):
            _demand_rest(run, name, traffic)
            yield _rolling(run, name, traffic)


def _rolling(run: Run, name: str, traffic: Traffic) -> Rolling:
    value, stack = _artifact(run, name), run.project.stacks.get(name)
    rollout, end = stack.rollout if stack else None, destination(traffic.live, value)
    if stack is None or rollout is None:
        if run.action != "rollback":
            _tell_unnamed(run, name)
        return Rolling(name, traffic.live, way(traffic.live, value, AT_ONCE), end)
    steps = way(traffic.live, value, steps_of(rollout, run.action))
    if run.action == "rollback":
        return Rolling(name, traffic.live, steps, end)
    watched = _watched(run, stack, rollout)
    others = monitor.others(run.ports, there(run.prepared), name, watched)
    watched = Watched(watched.alarms, watched.checks, others, watched.region)
    return Rolling(name, traffic.live, steps, end, rollout.wait, watched)


def _watched(run: Run, stack: Stack, rollout: Rollout) -> Watched:
    asked = verification.asked(run.project, run.target, sandbox=run.ports.sandbox)
    for name in rollout.checks:
        if name not in asked:
            run.ports.observer.said(f"check {name} is not asked in {run.target}: no rollout is stopped by it there")
    checks = {name: asked[name] for name in rollout.checks if name in asked}
    region = run.project.environments[run.target].regions[stack.region] if stack.region else ""
    return Watched(rollout.alarms, checks, region=region)


def _tell_unknown(run: Run, here: EnvironmentPresent, name: str) -> None:
    if name in here.stacks and run.plans[name].changes:
        told = (
            f"{name}: nobody knows which colour has the requests in {run.target}, so that there are no steps this time"
        )
        run.ports.observer.said(told)


def _tell_unnamed(run: Run, name: str) -> None:
    told = f"{name}: envctl.toml no longer has [stacks.{name}], so that its requests go over at once, without steps"
    run.ports.observer.said(told)


def _demand_rest(run: Run, name: str, traffic: Traffic) -> None:
    if traffic.shift is None:
        return
    message = (
        f"the requests of {name} in {run.target} are shared: a rollout was stopped after {traffic.shift.percent} %"
        f" of them had gone to {traffic.shift.color}, and could not go back"
    )
    raise OperationFailedError(Problem("E336", message, f"envctl recover {run.target}"))


def _artifact(run: Run, stack: str) -> str:
    return rendering.artifact(run.project, there(run.release), there(run.settings), stack)


def told(project: Project, stacks: Collection[str], action: Move) -> dict[str, str]:
    """What a deployment does with the stacks that have a rollout, for who asks beforehand."""
    found = {name: each.rollout for name, each in project.stacks.items() if name in stacks}
    if action == "destroy":
        return {}
    return {name: explained(rollout, action) for name, rollout in found.items() if rollout}
