"""`envctl validate [ENV]`, `envctl settings ENV` and `envctl render ENV`: what is there, without Terraform or AWS."""

from dataclasses import dataclass

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.project import Project
from envctl.domain.release import Release
from envctl.domain.settings import EnvironmentSettings
from envctl.usecases import candidates, load, prepare, record
from envctl.usecases.ports import Ports


@dataclass(frozen=True)
class Valid:
    environments: tuple[str, ...]
    stacks: tuple[str, ...]
    settings: int


@dataclass(frozen=True)
class Rendered:
    """The root modules by their path below the working directory, as text."""

    environment: str
    files: dict[str, str]


def validate(ports: Ports, environment: str = "") -> Valid:
    """Raises one ConfigurationError with every problem of every environment that was asked for."""
    project = load.project(ports)
    asked = (load.known_environment(project, environment),) if environment else project.pipeline.order
    release = load.release(ports, project)
    problems: dict[Problem, None] = {}
    count = 0
    for name in asked:
        try:
            count += len(load.settings(ports, project, name, release.wiring).settings)
        except ConfigurationError as error:
            problems.update(dict.fromkeys(error.problems))
    if problems:
        raise ConfigurationError(*problems)
    return Valid(asked, tuple(release.wiring.stacks), count)


def settings(ports: Ports, environment: str) -> EnvironmentSettings:
    """The settings of an environment against the working tree's modules."""
    project = load.project(ports)
    load.known_environment(project, environment)
    return load.settings(ports, project, environment, load.release(ports, project).wiring)


def render(ports: Ports, environment: str) -> Rendered:
    """What would be rendered: of the working tree in the entry, of the deployed release in the others.

    Where another environment has no release yet, the working tree's wiring is shown.
    """
    project = load.project(ports)
    target = load.known_environment(project, environment)
    release = _code(ports, project, target)
    resolved = load.settings(ports, project, target, release.wiring)
    roots = prepare.root_modules(project, release, resolved)
    return Rendered(target, {f"{target}/{root.stack}/main.tf.json": root.encode().decode() for root in roots})


def _code(ports: Ports, project: Project, target: str) -> Release:
    if target != project.entry:
        candidate = candidates.redeployment(ports, project, record.present(ports), target=target)
        if candidate.release is not None:
            return candidate.release
    return load.release(ports, project)
