"""The project file, and the settings of an environment, as they lie in the working tree."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.config.regions import unnamed_region
from envctl.domain.errors import ConfigurationError, EnvctlError, Problem, UsageError
from envctl.domain.release.contents import Wiring
from envctl.domain.release.image_repositories import MisplacedError, placed
from envctl.domain.release.rollout_stacks import workers
from envctl.domain.rollout.traffic import CONTRACT
from envctl.domain.settings.settings import SettingsFile, resolve
from envctl.domain.settings.values import EnvironmentSettings
from envctl.domain.text.suggestions import nearest
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.rollout_colors import find_rolled

COMMON_SETTINGS = "environments/common.tfvars"
NO_MOVES: Mapping[str, str] = MappingProxyType({})


def settings_file(environment: str) -> str:
    return f"environments/{environment}/terraform.tfvars"


def project(ports: Ports) -> Project:
    data = ports.tree.read(PROJECT_FILE)
    if data is None:
        raise ConfigurationError(
            Problem(
                "E100",
                f"there is no {PROJECT_FILE} here",
                "go to the project's folder, or name it: envctl --project DIR …",
            )
        )
    return ports.reader.project(data)


def known_environment(project: Project, environment: str) -> str:
    """The environment, or a UsageError that offers the nearest one."""
    if environment in project.environments:
        return environment
    near = nearest(environment, project.environments)
    listed = ", ".join(project.all_environments)
    hint = f"did you mean {near}? (the environments are {listed})" if near else f"the environments are {listed}"
    raise UsageError(Problem("E002", f"there is no environment {environment!r}", hint))


def seen_from(ports: Ports, environment: str) -> tuple[Project, str]:
    """The project as an environment sees it, and that environment; a UsageError where there is none."""
    found = project(ports)
    target = find_environment(ports, found, environment)
    return found.seen_from(target), target


def find_environment(ports: Ports, project: Project, environment: str) -> str:
    """The environment. Raises UsageError: E139 for one that has left the project file and holds stacks, else E002."""
    if environment not in project.environments:
        _check_gone(ports, project, environment)
    return known_environment(project, environment)


def _check_gone(ports: Ports, project: Project, environment: str) -> None:
    """Raises UsageError (E139) for an environment that the project file names no more, and that holds stacks."""
    from envctl.usecases.ledger import journal
    from envctl.usecases.project import removed_environments

    try:
        present = journal.present(ports)
    except EnvctlError:
        # Of an environment that is not known, no ledger is needed to say so.
        return
    for each in removed_environments.find_gone(project, present):
        if each.environment == environment:
            raise UsageError(removed_environments.describe_gone(each))


def find_recorded_environment(ports: Ports, project: Project, environment: str) -> str:
    """The environment, also where it has left the project file and the ledger tells of it. Raises UsageError (E002)."""
    from envctl.usecases.ledger import journal

    if environment in project.environments or environment in journal.present(ports).environments:
        return environment
    return known_environment(project, environment)


def find_environments(ports: Ports, project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """As `wanted_environments`. Raises UsageError: E139 for one that has left the project file and holds stacks."""
    return wanted_environments(project, [find_environment(ports, project, name) for name in names])


def wanted_environments(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Those, each once; where none is named all of the pipeline, and those beside it."""
    return tuple(dict.fromkeys(known_environment(project, name) for name in names)) or project.all_environments


def settings(
    ports: Ports, project: Project, environment: str, wiring: Wiring, *, moves: Mapping[str, str] = NO_MOVES
) -> EnvironmentSettings:
    """The environment's settings from the working tree, checked against the schema that the release carries. `moves`
    names stacks of the release, each with the one whose state becomes theirs.
    """
    rolls = find_rolled(ports, project, wiring, environment, moves)
    found = resolve(
        environment,
        wiring.schema,
        settings_files(ports, project, environment),
        builtin=_builtin(project, environment, wiring),
        wired={name: tuple(stack.inputs) for name, stack in wiring.stacks.items()},
        artifacts=artifacts(ports, project, environment, wiring),
        carried=wiring.artifacts,
        may_set_artifacts=environment == project.entry,
        regions=_regions(ports, project, environment, wiring),
        rolled=dict.fromkeys(rolls, CONTRACT),
    )
    sensitive = [each.value for each in found.settings if each.sensitive and each.value is not None]
    if sensitive:
        # Before anything else is done with them, or said.
        ports.observer.hides(sensitive, (*project.all_environments, *wiring.stacks))
    if problems := tuple(workers(rolls, found)):
        raise ConfigurationError(*problems)
    return found


def artifacts(ports: Ports, project: Project, environment: str, wiring: Wiring) -> dict[str, object]:
    """The artifacts of the release, images in the repository that the environment takes them from."""
    try:
        return placed(project, environment, wiring.artifacts)
    except MisplacedError as error:
        path = ("artifacts", error.artifact, "repository")
        where = ports.reader.place(ports.tree.read(PROJECT_FILE) or b"", path)
        raise ConfigurationError(replace(error.problem, location=where)) from None


def _builtin(project: Project, environment: str, wiring: Wiring) -> dict[str, str]:
    region = project.environments[environment].region
    filled = {"environment": environment, "project": wiring.project}
    return {**filled, "region": region} if region else filled


def _regions(ports: Ports, project: Project, environment: str, wiring: Wiring) -> dict[str, str]:
    """Those of the stacks that have another one than their environment."""
    there, found, problems = project.environments[environment], {}, []
    for name, stack in wiring.stacks.items():
        if stack.region and stack.region in there.regions:
            found[name] = there.regions[stack.region]
        elif stack.region:
            where = ports.reader.place(ports.tree.read(PROJECT_FILE) or b"", ("environments", environment))
            problems.append(Problem("E119", *unnamed_region(name, stack.region, environment), where))
    if problems:
        raise ConfigurationError(*problems)
    return found


def settings_files(ports: Ports, project: Project, environment: str) -> tuple[SettingsFile, ...]:
    """Common settings first: the environment's own override them. Syntax errors of all files are raised at once.

    What is common, is so to the pipeline: an environment beside it has other stacks, and a file of its own alone.
    """
    files: list[SettingsFile] = []
    problems: list[Problem] = []
    common = () if project.pipeline.beside else (COMMON_SETTINGS,)
    for path in (*common, settings_file(environment)):
        data = ports.tree.read(path)
        if data is None:
            continue
        try:
            files.append(ports.reader.settings(data, path))
        except ConfigurationError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigurationError(*problems)
    return tuple(files)
