"""`envctl secrets list ENV` and `envctl secrets check [ENV …]`: the secrets that settings name, and whether they are
there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envctl.domain.aws.access import Caller
from envctl.domain.aws.required_secrets import needed
from envctl.domain.aws.secret_status import NeededSecret, Sighting, problem
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem, worst
from envctl.domain.release.contents import Wiring
from envctl.domain.settings.settings import Schema
from envctl.domain.settings.values import EnvironmentSettings
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load, working_tree
from envctl.usecases.release import bundle_store, deploy_request


@dataclass(frozen=True)
class EnvironmentSecrets:
    """`release` is the one whose modules ask for them, and empty where it is the working tree. `account_id` is where
    was looked, and empty where nothing had to be.
    """

    environment: str
    account_id: str
    release: str
    secrets: tuple[Sighting, ...]

    @property
    def missing(self) -> int:
        return sum(each.missing for each in self.secrets)


@dataclass(frozen=True)
class SecretsChecked:
    """`failed` are the environments about which nothing could be told."""

    environments: tuple[EnvironmentSecrets, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asking:
    """What an environment asks for, by which settings, and of which release."""

    release: str
    secrets: tuple[NeededSecret, ...]


def look(
    ports: Ports, project: Project, environment: str, settings: EnvironmentSettings, schema: Schema
) -> tuple[Sighting, ...]:
    """What there is, in the environment's account, of the secrets that its settings name for the modules of a release.

    AWS is not asked where they name none. Raises ConfigurationError where a setting holds what can't be a name, and
    OperationFailedError where the environment can't be got into.
    """
    return _seen(ports, environment, _wanted(project, settings, schema))


def listed(ports: Ports, environment: str) -> tuple[EnvironmentSecrets, EnvctlError | None]:
    """All that is asked for there; an error where something could not be looked at."""
    project, target = load.seen_from(ports, environment)
    told = _of(ports, project, target)
    return told, _error(told, unknown_alone=True)


def check(ports: Ports, environments: Sequence[str] = ()) -> tuple[SecretsChecked, EnvctlError | None]:
    """Of those environments, or of all. What is wrong in one does not hide the others."""
    project = load.project(ports)
    told: list[EnvironmentSecrets] = []
    errors: dict[str, EnvctlError] = {}
    for name in load.wanted_environments(project, environments):
        try:
            found = _of(ports, project.seen_from(name), name)
        except (ConfigurationError, OperationFailedError) as error:
            errors[name] = error
            continue
        told.append(found)
        if wrong := _error(found):
            errors[name] = wrong
    failed = tuple(name for name in errors if name not in {each.environment for each in told})
    return SecretsChecked(tuple(told), failed), _together(list(errors.values()))


def asked_for(ports: Ports, project: Project, environment: str) -> Asking:
    """By the settings of the working tree, with the modules that the environment gets next: those of the release before
    it; else those that it has, where the settings fit these alone; else those of the working tree, of which no release
    has come that far.
    """
    first: ConfigurationError | None = None
    for identity in _releases(ports, project, environment):
        try:
            wiring = _wiring(ports, project, identity)
            settings = load.settings(ports, project, environment, wiring)
            return Asking(identity, _wanted(project, settings, wiring.schema))
        except ConfigurationError as error:
            first = first or error
    raise first or AssertionError("there is always the working tree")


def in_account(ports: Ports, project: Project, environment: str) -> Caller:
    """Who one is there. Raises OperationFailedError where that is in another account than the environment's."""
    caller, wanted = ports.access.caller(environment), project.environments[environment].account_id
    if wanted and caller.account_id != wanted:
        message = f"{environment} is in account {wanted}, and {caller.arn} in {caller.account_id}"
        hint = f"take credentials of that account, or name its role: assume_role of {environment} in envctl.toml"
        raise OperationFailedError(Problem("E445", message, hint))
    return caller


def _releases(ports: Ports, project: Project, environment: str) -> Iterator[str]:
    source = project.before(environment)
    if source is not None:
        present = journal.present(ports)
        current = present.of(environment).current
        coming = (deploy_request.of_source(present, source), current.release if current else None)
        # What is damaged or gone is for the guards of a promotion to tell.
        yield from (each for each in dict.fromkeys(coming) if each and bundle_store.look(ports, each)[0] == "intact")
    yield ""


def _wiring(ports: Ports, project: Project, identity: str) -> Wiring:
    release = bundle_store.look(ports, identity)[1] if identity else working_tree.release(ports, project)
    if release is None:
        raise bundle_store.unusable(identity, "missing")
    return release.wiring


def _of(ports: Ports, project: Project, environment: str) -> EnvironmentSecrets:
    asking = asked_for(ports, project, environment)
    account = in_account(ports, project, environment).account_id if asking.secrets else ""
    return EnvironmentSecrets(environment, account, asking.release, _seen(ports, environment, asking.secrets))


def _wanted(project: Project, settings: EnvironmentSettings, schema: Schema) -> tuple[NeededSecret, ...]:
    needs = needed(settings, schema, project.secrets)
    if needs.problems:
        raise ConfigurationError(*needs.problems)
    return needs.secrets


def _seen(ports: Ports, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
    if not wanted:
        return ()
    account = ports.access.caller(environment).account_id
    here = [each for each in wanted if each.account_id in ("", account)]
    seen = dict(zip(here, ports.secrets.look(environment, here), strict=True)) if here else {}
    return tuple(seen.get(each) or _elsewhere(each) for each in wanted)


def _elsewhere(secret: NeededSecret) -> Sighting:
    return Sighting(secret, "elsewhere", remark=f"it is in account {secret.account_id}, which is not looked into")


def _error(found: EnvironmentSecrets, *, unknown_alone: bool = False) -> EnvctlError | None:
    wrong = [each for each in found.secrets if each.state == "unknown" or not unknown_alone]
    problems = [told for each in wrong if (told := problem(each, found.environment))]
    return OperationFailedError(*problems) if problems else None


def _together(errors: Sequence[EnvctlError]) -> EnvctlError | None:
    if not errors:
        return None
    error = OperationFailedError(*(problem for each in errors for problem in each.problems))
    error.exit_code = worst(each.exit_code for each in errors)
    return error
