"""Where the requests of the stacks are that have a rollout, and what their modules are called with because of it.

The ledger says which colour is live. What is rendered is always the end: the live colour where its artifact stays, and
the other one where it is to run another. So a look at what runs finds no difference, and a plan shows what will be.
"""

from collections.abc import Mapping

from envctl.domain.config.project import Project
from envctl.domain.plan.leaving_stacks import NO_CHANGEOVER, Changeover
from envctl.domain.release.contents import Release
from envctl.domain.release.rollout_stacks import find_artifact
from envctl.domain.release.root_module import RootModule, render
from envctl.domain.rollout.traffic import Position, Traffic, destination
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.rollout_colors import find_rolled, find_traffic
from envctl.usecases.project.state_location import place

Live = Mapping[str, Traffic | None]
"""Of each stack with a rollout what is known of it."""


def known(
    ports: Ports, project: Project, release: Release, environment: str, changeover: Changeover = NO_CHANGEOVER
) -> Live:
    """The ledger is read only where a stack has a rollout."""
    stacks = find_rolled(ports, project, release.wiring, environment, changeover.moves)
    if not stacks:
        return {}
    traffic = find_traffic(ports, environment, changeover.moves)
    return {name: traffic.get(name) for name in stacks}


def spelt(live: Live) -> dict[str, str]:
    """What of it decides what is rendered, as texts that can be kept and compared."""
    return {name: f"{traffic.live.color} {traffic.live.value}" if traffic else "" for name, traffic in live.items()}


def same(ports: Ports, environment: str, kept: Mapping[str, str]) -> bool:
    """Whether what was kept of it is still so."""
    traffic = journal.present(ports).of(environment).traffic
    return spelt({name: traffic.get(name) for name in kept}) == dict(kept)


def artifact(project: Project, release: Release, settings: EnvironmentSettings, stack: str) -> str:
    """What a release would have a stack run in that environment."""
    return str(settings.arguments[stack][_variable(project, release, stack)])


def _variable(project: Project, release: Release, stack: str) -> str:
    variable = find_artifact(project, release.wiring, stack)
    if variable is None:
        raise AssertionError(f"{stack} was given a position, and has no artifact")
    return variable


def root_modules(
    project: Project,
    release: Release,
    settings: EnvironmentSettings,
    live: Live,
    changeover: Changeover = NO_CHANGEOVER,
) -> tuple[RootModule, ...]:
    """One for each stack, in the order in which they are applied."""
    ends = {
        name: destination(traffic.live if traffic else None, artifact(project, release, settings, name))
        for name, traffic in live.items()
    }
    return tuple(
        root_module(project, release, settings, name, ends.get(name), changeover=changeover)
        for name in release.wiring.stacks
    )


def root_module(
    project: Project,
    release: Release,
    settings: EnvironmentSettings,
    stack: str,
    position: Position | None,
    *,
    changeover: Changeover = NO_CHANGEOVER,
) -> RootModule:
    arguments = dict(settings.arguments[stack])
    if position is not None:
        arguments |= position.arguments(_variable(project, release, stack))
    where = place(project, settings.environment, changeover.moves)
    return render(release.wiring, stack, where, arguments, called=changeover.called.get(stack, ""))
