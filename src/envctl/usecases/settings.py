"""`envctl validate [ENV]` and `envctl settings ENV`: what is there, without Terraform or AWS."""

from dataclasses import dataclass

from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.needed_secrets import needed
from envctl.domain.settings import EnvironmentSettings
from envctl.usecases import images, load, working_tree
from envctl.usecases.ports import Ports
from envctl.usecases.trust import trust


@dataclass(frozen=True)
class Valid:
    environments: tuple[str, ...]
    stacks: tuple[str, ...]
    settings: int


def validate(ports: Ports, environment: str = "") -> Valid:
    """Raises one ConfigurationError with every problem of every environment that was asked for."""
    project = load.project(ports)
    asked = (load.known_environment(project, environment),) if environment else project.pipeline.order
    release = working_tree.release(ports, project)
    problems: dict[Problem, None] = {}
    count = 0
    try:
        trust(ports.tree, project)
    except ConfigurationError as error:
        problems.update(dict.fromkeys(error.problems))
    for name in asked:
        try:
            found = load.settings(ports, project, name, release.wiring)
            count += len(found.settings)
            problems.update(dict.fromkeys(needed(found, release.wiring.schema, project.secrets).problems))
        except ConfigurationError as error:
            problems.update(dict.fromkeys(error.problems))
    if problems:
        raise ConfigurationError(*problems)
    images.tell_tags(ports, project, release)
    return Valid(asked, tuple(release.wiring.stacks), count)


def settings(ports: Ports, environment: str) -> EnvironmentSettings:
    """The settings of an environment against the working tree's modules."""
    project = load.project(ports)
    load.known_environment(project, environment)
    release = working_tree.release(ports, project)
    found = load.settings(ports, project, environment, release.wiring)
    images.tell_tags(ports, project, release)
    return found
