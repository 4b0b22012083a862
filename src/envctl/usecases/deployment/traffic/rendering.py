"""Render the root modules of stacks with a rollout, with their traffic as arguments.

The ledger records the live color. Root modules are rendered with the end position: the live color for an unchanged
artifact, else the other one. So drift checks find no difference, and plans show the final result.
"""

from collections.abc import Mapping

from envctl.domain.config.project import Project
from envctl.domain.plan.changes import NO_CHANGEOVER, Changeover
from envctl.domain.release.artifacts import find_rollout_artifact
from envctl.domain.release.bundle import Release
from envctl.domain.release.root_module import RootModule, render_root_module
from envctl.domain.rollout.traffic import Traffic, TrafficWeight, find_final_weight
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.usecases.ports.context import Context
from envctl.usecases.project.load import find_rollout_stacks, find_traffic
from envctl.usecases.project.state_location import resolve_place

StackTraffic = Mapping[str, Traffic | None]
"""The recorded traffic of each stack with a rollout."""


def load_traffic(
    context: Context, release: Release, environment: str, changeover: Changeover = NO_CHANGEOVER
) -> StackTraffic:
    """Return the recorded traffic by stack. Read the ledger only if a stack has a rollout."""
    stacks = find_rollout_stacks(context, release.wiring, environment, changeover.moves)
    if not stacks:
        return {}
    traffic = find_traffic(context.ports, environment, changeover.moves)
    return {name: traffic.get(name) for name in stacks}


def format_traffic(live: StackTraffic) -> dict[str, str]:
    """Return the parts relevant to rendering as texts, for storing and comparing."""
    return {name: f"{traffic.live.color} {traffic.live.value}" if traffic else "" for name, traffic in live.items()}


def resolve_artifact(project: Project, release: Release, settings: EnvironmentSettings, stack: str) -> str:
    """Return the artifact of a stack in the release and environment."""
    return str(settings.arguments[stack][_require_artifact_variable(project, release, stack)])


def _require_artifact_variable(project: Project, release: Release, stack: str) -> str:
    variable = find_rollout_artifact(project, release.wiring, stack)
    if variable is None:
        raise AssertionError(f"{stack} was given a position, and has no artifact")
    return variable


def render_stacks(
    project: Project,
    release: Release,
    settings: EnvironmentSettings,
    live: StackTraffic,
    changeover: Changeover = NO_CHANGEOVER,
) -> tuple[RootModule, ...]:
    """Return the root module of each stack, in order of application."""
    ends = {
        name: find_final_weight(traffic.live if traffic else None, resolve_artifact(project, release, settings, name))
        for name, traffic in live.items()
    }
    return tuple(
        render_stack(project, release, settings, name, ends.get(name), changeover=changeover)
        for name in release.wiring.stacks
    )


def render_stack(
    project: Project,
    release: Release,
    settings: EnvironmentSettings,
    stack: str,
    position: TrafficWeight | None,
    *,
    changeover: Changeover = NO_CHANGEOVER,
) -> RootModule:
    arguments = dict(settings.arguments[stack])
    if position is not None:
        arguments |= position.to_arguments(_require_artifact_variable(project, release, stack))
    where = resolve_place(project, settings.environment, changeover.moves)
    return render_root_module(release.wiring, stack, where, arguments, called=changeover.former_names.get(stack, ""))
