"""Read the values of `[secrets.values]` for Terraform, all at once, each for its own stack.

They go into the environment of Terraform for that stack, and nowhere else: nothing writes or prints them.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress

from envctl.domain.aws.secret_values import WantedValue, describe_service, find_variable, list_wanted_values
from envctl.domain.command_lines import format_command
from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem, combine_errors
from envctl.domain.guards import RefusedError
from envctl.domain.release.secret_texts import UnusableSecretError, encode_secret
from envctl.domain.release.wiring import Wiring
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.text.lists import join_names
from envctl.usecases.account import account_check
from envctl.usecases.account.secret_readings import list_distinct_references, read_sources
from envctl.usecases.ports.aws import SecretReading, SecretReference
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import ValueSource

SecretValues = Mapping[str, Mapping[str, str]]
"""The texts of `TF_VAR_` variables, by stack and variable."""
NO_VALUES: SecretValues = {}
STAND_IN = "envctl-stand-in"


def read_secret_values(context: Context, settings: EnvironmentSettings, wiring: Wiring) -> SecretValues:
    """Return the values that the stacks of an environment need. Nothing is read if they need none.

    A look in a job of a pull or merge request, whose code is not reviewed, gets stand-ins, and no value is read.
    Raises one error with all missing, unreadable and unusable values.
    """
    wanted, problems = list_wanted_values(context.project, settings)
    if problems:
        raise ConfigurationError(*problems)
    if not wanted:
        return NO_VALUES
    ports = context.ports
    # A deployment never gets one: it would replace the value.
    if _takes_stand_ins(context):
        ports.observer.on_message(_describe_stand_ins(settings.environment, wanted))
        return _collect({each: _build_stand_in(wiring, each) for each in wanted})
    read = dict(zip(wanted, _read_texts(context, settings.environment, wanted), strict=True))
    # Redact before anything else, since a message may quote a part.
    missing: list[Problem] = []
    failed: list[Problem] = []
    found: dict[WantedValue, str] = {}
    for each, reading in read.items():
        if reading.text is None or not reading.text:
            (missing if each.secret is None else failed).append(_describe_unread(settings.environment, each, reading))
            continue
        try:
            type_text = find_variable(wiring.schema, each.stack, each.variable).type_text
            encoded = encode_secret(reading.text, each.source.key, each.variable, type_text)
        except UnusableSecretError as error:
            missing.append(_describe_unusable(settings.environment, each, str(error)))
            continue
        context.ports.observer.redact((encoded.value, encoded.text), list_public_names(context, wiring))
        found[each] = encoded.text
    errors: list[EnvctlError] = []
    if missing:
        errors.append(ConfigurationError(*missing))
    if failed:
        errors.append(OperationFailedError(*failed))
    if errors:
        raise combine_errors(errors)
    return _collect(found)


def has_stand_ins(context: Context, settings: EnvironmentSettings) -> bool:
    """Tell if a plan of this command has stand-ins in place of secret values."""
    return _takes_stand_ins(context) and bool(list_wanted_values(context.project, settings)[0])


def require_values(context: Context, settings: EnvironmentSettings, gate: str) -> None:
    """Raise ConfigurationError (E355) if a plan of this command has stand-ins: it is not what a deployment does."""
    if has_stand_ins(context, settings):
        environment = settings.environment
        message = (
            f"not approved: a job of a pull or merge request reads no secret values, and {environment} needs some; the"
            " plan would have stand-ins"
        )
        hint = f"outside of this job: {format_command('approve', environment, gate=gate)}"
        raise ConfigurationError(Problem("E355", message, hint))


def redact_secret_values(context: Context, settings: EnvironmentSettings, wiring: Wiring) -> None:
    """Redact the values that can be read: an output may hold one of them without being marked as sensitive."""
    with suppress(ConfigurationError, OperationFailedError, RefusedError):
        read_secret_values(context, settings, wiring)


def list_value_sources(context: Context, settings: EnvironmentSettings, wiring: Wiring) -> tuple[ValueSource, ...]:
    """Return where the values of an environment come from: with it, they are read again without the project."""
    return tuple(
        ValueSource(
            each.stack,
            each.variable,
            find_variable(wiring.schema, each.stack, each.variable).type_text,
            "" if each.secret else each.source.name,
            each.source.key,
            _to_reference(each),
        )
        for each in list_wanted_values(context.project, settings)[0]
    )


def list_public_names(context: Context, wiring: Wiring) -> tuple[str, ...]:
    """Return the names that no redaction replaces."""
    return (*context.project.all_environments, *wiring.stacks)


def merge_values(secrets: Mapping[str, str], values: SecretValues, stack: str) -> Mapping[str, str]:
    """Return the sensitive settings of a stack together with its secret values."""
    return {**secrets, **values[stack]} if stack in values else secrets


def _takes_stand_ins(context: Context) -> bool:
    return context.project.only_looks and context.ports.job_requests.is_for_request()


def _collect(found: Mapping[WantedValue, str]) -> SecretValues:
    values: dict[str, dict[str, str]] = {}
    for each, text in found.items():
        values.setdefault(each.stack, {})[each.variable] = text
    return values


def _read_texts(context: Context, environment: str, wanted: Sequence[WantedValue]) -> list[SecretReading]:
    sources = [_to_reference(each) or each.source.name for each in wanted]
    if list_distinct_references(sources):
        # Another account may have a secret of the same name.
        account_check.require_account(context, environment)
    return read_sources(context.ports, environment, sources)


def _to_reference(wanted: WantedValue) -> SecretReference | None:
    secret = wanted.secret
    if secret is None:
        return None
    # A parameter may be named with its version.
    name = wanted.source.name if secret.kind == wanted.source.kind == "ssm" else secret.id
    return SecretReference(secret.kind, name, secret.region, wanted.source.stage)


def _describe_unread(environment: str, wanted: WantedValue, reading: SecretReading) -> Problem:
    where = f"{wanted.shown} has no value in {environment}"
    if wanted.secret is None:
        why = f"the environment variable {wanted.source.name} is {'not set' if reading.text is None else 'empty'}"
        way = f"set it before the command, and in CI as a secret of the jobs for {environment}"
        return Problem("E233", f"{where}: {why}", f"{way}: {format_command('explain', 'E233')}", wanted.location)
    service = f"{wanted.secret.name} in {describe_service(wanted.source)}"
    if reading.text == "":
        why, hint = f"{service} is empty", format_command("secrets set", environment, wanted.secret.name)
    elif reading.is_absent:
        why, hint = f"{service} {reading.problem}", format_command("secrets set", environment, wanted.secret.name)
    else:
        why, hint = f"{service} can't be read: {reading.problem}", reading.hint
    return Problem("E234", f"{where}: {why}", hint, wanted.location)


def _describe_unusable(environment: str, wanted: WantedValue, why: str) -> Problem:
    message = f"{wanted.source} is no value for {wanted.shown} in {environment}: {why}"
    hint = "correct the secret, or the source in envctl.toml"
    if wanted.secret is not None:
        hint = f"{hint}: {format_command('secrets set', environment, wanted.secret.name)}"
    return Problem("E235", message, hint, wanted.location)


def _describe_stand_ins(environment: str, wanted: Collection[WantedValue]) -> str:
    names = join_names(tuple(dict.fromkeys(each.shown for each in wanted)))
    return (
        f"a job of a pull or merge request reads no secret values: the plan of {environment} has stand-ins for {names},"
        " and may show changes of sensitive values that a deployment does not make"
    )


def _build_stand_in(wiring: Wiring, wanted: WantedValue) -> str:
    from envctl.domain.terraform.empty_values import build_empty_value
    from envctl.domain.terraform.expressions import format_tf_var

    variable = find_variable(wiring.schema, wanted.stack, wanted.variable)
    value = build_empty_value(variable.type)
    return format_tf_var(STAND_IN if value in ("", None) else value, variable.type_text)
