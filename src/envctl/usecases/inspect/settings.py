"""`envctl validate [ENV]` and `envctl settings ENV`: what is there, without Terraform or AWS."""

from dataclasses import dataclass, field

from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.release.contents import Release
from envctl.domain.settings.settings import Schema
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import default_gates, image_tags, load, working_tree


@dataclass(frozen=True)
class Valid:
    """`unread` are the settings files that no environment takes anything from. `remarks` say, with file and line, what
    the project file leaves unsaid and could surprise.
    """

    environments: tuple[str, ...]
    stacks: tuple[str, ...]
    settings: int
    unread: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def validate(ports: Ports, environment: str = "", *, only_settings: bool = False) -> Valid:
    """Raises one ConfigurationError with every problem of every environment that was asked for."""
    project = load.project(ports)
    asked = load.wanted_environments(project, (environment,) if environment else ())
    problems = dict.fromkeys(() if only_settings else _keys(ports, project))
    seen, count = _Seen(ports), 0
    for name in asked:
        here = project.seen_from(name)
        try:
            release = seen.release(here)
            found = load.settings(ports, here, name, release.wiring)
            count += len(found.settings)
            if not only_settings:
                problems.update(dict.fromkeys(_secrets(here, found, release.wiring.schema)))
        except ConfigurationError as error:
            problems.update(dict.fromkeys(error.problems))
    if problems:
        raise ConfigurationError(*problems)
    for of, release in () if only_settings else seen.releases.values():
        image_tags.tell_tags(ports, of, release)
    stacks = dict.fromkeys(stack for _, release in seen.releases.values() for stack in release.wiring.stacks)
    unsaid = () if only_settings else default_gates.find_unsaid_gates(ports, project, asked)
    remarks = tuple(f"{each.seen}; {each.mend}" for each in unsaid)
    return Valid(asked, tuple(stacks), count, _unread(ports, project), remarks)


@dataclass
class _Seen:
    """The working tree as a release of the pipeline, and of each environment beside it, each read once."""

    ports: Ports
    releases: dict[str, tuple[Project, Release]] = field(default_factory=dict)

    def release(self, project: Project) -> Release:
        of = project.pipeline.makes_for
        if of not in self.releases:
            self.releases[of] = project, working_tree.release(self.ports, project)
        return self.releases[of][1]


def _unread(ports: Ports, project: Project) -> tuple[str, ...]:
    """A name that is a little other than an environment's is easily taken for one."""
    read = {load.COMMON_SETTINGS, *map(load.settings_file, project.all_environments)}
    there = ports.tree.folder("environments", (".tfvars", ".tfvars.json")) or {}
    return tuple(path for path in sorted(there) if path not in read)


def _keys(ports: Ports, project: Project) -> tuple[Problem, ...]:
    """What is wrong with the keys that are pinned. Imported late, as below: most projects have none."""
    if not any(environment.signing_key for environment in project.environments.values()):
        return ()
    from envctl.usecases.ledger.trust import trust

    try:
        trust(ports.tree, project)
    except ConfigurationError as error:
        return tuple(error.problems)
    return ()


def _secrets(project: Project, found: EnvironmentSettings, schema: Schema) -> tuple[Problem, ...]:
    if not (project.secrets.secretsmanager or project.secrets.ssm):
        return ()
    from envctl.domain.aws.required_secrets import needed

    return tuple(needed(found, schema, project.secrets).problems)


def settings(ports: Ports, environment: str) -> EnvironmentSettings:
    """The settings of an environment against the working tree's modules."""
    project, environment = load.seen_from(ports, environment)
    release = working_tree.release(ports, project)
    found = load.settings(ports, project, environment, release.wiring)
    image_tags.tell_tags(ports, project, release)
    return found
