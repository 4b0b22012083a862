"""`envctl secrets list ENV` and `envctl secrets check [ENV …]`: find the secrets named in settings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.aws.required_secrets import find_required_secrets, merge_secrets
from envctl.domain.aws.secret_status import NeededSecret, Sighting, find_problem
from envctl.domain.aws.secret_values import VariableUse, find_plain_values, find_value_secrets, find_value_variables
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem
from envctl.domain.exit_codes import worst_exit_code
from envctl.domain.release.wiring import Wiring
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.variables import Schema
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.environment_selection import load_context, select_environments
from envctl.usecases.project.settings.environment_settings import load_settings
from envctl.usecases.release import deploy_request, release_store


@dataclass(frozen=True)
class SecretVariable:
    """An environment variable that holds a secret value, and whether it is set here."""

    name: str
    asked_by: tuple[str, ...]  # the variables of stacks that take it
    is_set: bool


@dataclass(frozen=True)
class EnvironmentSecrets:
    """The secrets of one environment."""

    environment: str
    account_id: str  # the searched account; empty if no secret is needed
    release: str  # the release with the modules needing them; empty for the working tree
    secrets: tuple[Sighting, ...]
    variables: tuple[SecretVariable, ...] = ()  # environment variables that hold secret values
    plain: tuple[str, ...] = ()  # a sentence for each sensitive value that stands in a settings file

    @property
    def missing(self) -> int:
        return sum(each.missing for each in self.secrets) + sum(not each.is_set for each in self.variables)


@dataclass(frozen=True)
class SecretsCheck:
    """The secrets of all environments; `failed` are those not checked because of an error."""

    environments: tuple[EnvironmentSecrets, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True)
class RequiredSecrets:
    """The secrets needed by the settings of an environment."""

    release: str  # Empty for the working tree.
    secrets: tuple[NeededSecret, ...]
    variables: tuple[VariableUse, ...] = ()
    plain: tuple[str, ...] = ()


def find_secrets(
    context: Context, environment: str, settings: EnvironmentSettings, schema: Schema
) -> tuple[Sighting, ...]:
    """Return the status of each secret named in the settings, without querying AWS if there is none.

    Raise ConfigurationError for an invalid secret name, and OperationFailedError without access to the environment.
    """
    return _query_secrets(context.ports, environment, _find_needed(context.project, settings, schema))


def list_secrets(ports: Ports, environment: str) -> tuple[EnvironmentSecrets, EnvctlError | None]:
    """Return all secrets needed by an environment, and an error for those not found out."""
    context, target = load_context(ports, environment)
    found = _check_environment(context, target)
    return found, _build_error(found, unknown_alone=True)


def check_secrets(ports: Ports, environments: Sequence[str] = ()) -> tuple[SecretsCheck, EnvctlError | None]:
    """Check the given environments, or all. An error in one does not stop the others."""
    project = project_file.load_project(ports)
    checked: list[EnvironmentSecrets] = []
    errors: dict[str, EnvctlError] = {}
    for name in select_environments(project, environments):
        try:
            found = _check_environment(Context(ports, project.view_for(name)), name)
        except (ConfigurationError, OperationFailedError) as error:
            errors[name] = error
            continue
        checked.append(found)
        if wrong := _build_error(found):
            errors[name] = wrong
    failed = tuple(name for name in errors if name not in {each.environment for each in checked})
    return SecretsCheck(tuple(checked), failed), _join_errors(list(errors.values()))


def load_required_secrets(context: Context, environment: str) -> RequiredSecrets:
    """Return the secrets named in the settings of the working tree for the next deployment.

    The modules are those of the source environment's release; if the settings do not fit them, of the current release,
    then of the working tree.
    """
    first: ConfigurationError | None = None
    for identity in _iterate_releases(context, environment):
        try:
            wiring = _load_wiring(context, identity)
            settings = load_settings(context, environment, wiring)
            secrets = _find_needed(context.project, settings, wiring.schema)
            used = find_value_variables(context.project, settings)
            return RequiredSecrets(identity, secrets, used, find_plain_values(settings))
        except ConfigurationError as error:
            first = first or error
    raise first or AssertionError("there is always the working tree")


def require_own_account(context: Context, environment: str) -> CallerIdentity:
    """Return the caller. Raise OperationFailedError if it is not in the environment's account."""
    caller, wanted = (
        context.ports.access.fetch_caller(environment),
        context.project.environments[environment].account_id,
    )
    if wanted and caller.account_id != wanted:
        message = f"{environment} is in account {wanted}, but you are {caller.arn} in account {caller.account_id}"
        hint = f"use credentials of that account, or set assume_role of {environment} in envctl.toml"
        raise OperationFailedError(Problem("E445", message, hint))
    return caller


def _iterate_releases(context: Context, environment: str) -> Iterator[str]:
    source = context.project.pipeline.find_previous(environment)
    if source is not None:
        present = journal.load(context.ports)
        current = present.find_environment(environment).current
        coming = (deploy_request.find_source_release(present, source), current.release if current else None)
        # The guards of a promotion report missing and damaged bundles.
        for each in dict.fromkeys(coming):
            if each and release_store.load_bundle(context.ports, each)[0] == "intact":
                yield each
    yield ""


def _load_wiring(context: Context, identity: str) -> Wiring:
    release = release_store.load_bundle(context.ports, identity)[1] if identity else working_tree.build_release(context)
    if release is None:
        raise release_store.unusable_bundle_error(identity, "missing")
    return release.wiring


def _check_environment(context: Context, environment: str) -> EnvironmentSecrets:
    asking = load_required_secrets(context, environment)
    account = require_own_account(context, environment).account_id if asking.secrets else ""
    found = _query_secrets(context.ports, environment, asking.secrets)
    is_set = context.ports.secret_variables.read_variable
    variables = tuple(SecretVariable(each.name, each.asked_by, bool(is_set(each.name))) for each in asking.variables)
    return EnvironmentSecrets(environment, account, asking.release, found, variables, asking.plain)


def _find_needed(project: Project, settings: EnvironmentSettings, schema: Schema) -> tuple[NeededSecret, ...]:
    needs, values = find_required_secrets(settings, schema, project.secrets), find_value_secrets(project, settings)
    if problems := (*needs.problems, *values.problems):
        raise ConfigurationError(*problems)
    return merge_secrets((*needs.secrets, *values.secrets))


def _query_secrets(ports: Ports, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
    if not wanted:
        return ()
    account = ports.access.fetch_caller(environment).account_id
    here = [each for each in wanted if each.account_id in ("", account)]
    seen = dict(zip(here, ports.secrets.check_secrets(environment, here), strict=True)) if here else {}
    for each in wanted:
        if each not in seen:
            remark = f"it is in account {each.account_id}, which envctl does not check"
            seen[each] = Sighting(each, "elsewhere", remark=remark)
    return tuple(seen[each] for each in wanted)


def _build_error(found: EnvironmentSecrets, *, unknown_alone: bool = False) -> EnvctlError | None:
    wrong = [each for each in found.secrets if each.state == "unknown" or not unknown_alone]
    problems = [reason for each in wrong if (reason := find_problem(each, found.environment))]
    unset = () if unknown_alone else [each for each in found.variables if not each.is_set]
    for each in unset:
        message = f"the environment variable {each.name} is not set ({' and '.join(each.asked_by)})"
        way = f"set it before a command that plans {found.environment}, and in CI as a secret"
        hint = f"{way}: {format_command('explain', 'E233')}"
        problems.append(Problem("E233", message, hint))
    return OperationFailedError(*problems) if problems else None


def _join_errors(errors: Sequence[EnvctlError]) -> EnvctlError | None:
    if not errors:
        return None
    error = OperationFailedError(*(problem for each in errors for problem in each.problems))
    error.exit_code = worst_exit_code(each.exit_code for each in errors)
    return error
