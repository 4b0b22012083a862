"""`envctl secrets set ENV NAME`: send the value of a secret from a prompt or pipe to AWS, and only there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from envctl.domain.aws import secret_status
from envctl.domain.aws.secret_names import parse_secret
from envctl.domain.command_lines import format_command
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem, UsageError
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.account.secret_check import load_required_secrets, require_own_account
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_selection import load_context


@dataclass(frozen=True, kw_only=True)
class SecretSet:
    """The result of setting a secret."""

    environment: str
    account_id: str
    kind: secret_status.SecretKind
    name: str
    created: bool  # false if an existing secret got a new version
    arn_differs: bool  # true if the settings name the ARN of a deleted secret; AWS assigns a new one
    next: str


def set_secret(
    ports: Ports,
    environment: str,
    name: str,
    value: Callable[[], secret_status.SecretValue],
    *,
    kind: secret_status.SecretKind | None = None,
    unasked: bool = False,
    kms_key: str = "",
) -> SecretSet:
    """Set a secret named in a setting, or any other with `unasked`. `value` is called last, after the confirmation."""
    context, target = load_context(ports, environment)
    secret = _resolve_secret(context, target, name, kind, unasked=unasked)
    account = require_own_account(context, target).account_id
    if secret.account_id not in ("", account):
        message = f"{secret.name} is in account {secret.account_id}, but {target} is in account {account}"
        raise OperationFailedError(
            Problem("E445", message, "set it there: envctl writes only to the account of the environment")
        )
    (seen,) = ports.secrets.check_secrets(target, (secret,))
    _require_writable(seen, target)
    creates = seen.state == "absent"
    if not ports.prompter.confirm_secret(secret_status.SecretChange(target, account, secret, creates)):
        again = format_command("secrets set", target, secret.name)
        raise InterruptedByUserError(Problem("E310", "cancelled: the secret was not changed", again))
    given = value()
    if wrong := secret_status.explain_invalid_value(given, secret.kind):
        raise UsageError(Problem("E447", f"the value of {secret.name} can't be stored: {wrong}", "enter another value"))
    tags = {"project": context.project.name, "environment": target, "managed_by": "envctl"}
    ports.secrets.put_secret(target, seen, given, tags=tags, kms_key=kms_key)
    next_ = format_command("secrets check", target) if secret.asked_by else ""
    return SecretSet(
        environment=target,
        account_id=account,
        kind=secret.kind,
        name=secret.name,
        created=creates,
        arn_differs=creates and secret.id != secret.name,
        next=next_,
    )


def _resolve_secret(
    context: Context, environment: str, name: str, kind: secret_status.SecretKind | None, *, unasked: bool
) -> secret_status.NeededSecret:
    if unasked and kind:
        return _parse_name(kind, name)
    secrets = load_required_secrets(context, environment).secrets
    found = [each for each in secrets if name in (each.name, each.id) and kind in (None, each.kind)]
    if len(found) == 1:
        return found[0]
    if found:
        message = f"{environment} uses more than one secret named {name}"
        raise UsageError(Problem("E446", message, _suggest_distinction(environment, name, found)))
    hint = _suggest_alternative(environment, name, [each.name for each in secrets], unasked=unasked)
    raise UsageError(Problem("E446", f"no setting of {environment} uses a secret named {name}", hint))


def _parse_name(kind: secret_status.SecretKind, name: str) -> secret_status.NeededSecret:
    try:
        secret = parse_secret(kind, name)
    except ValueError:
        secret = None
    if secret is None or secret.kind != kind:
        message = f"{name} is not a valid secret name in {secret_status.SERVICE_NAMES[kind]}"
        raise UsageError(Problem("E446", message, "use letters, digits and / _ . -"))
    return secret


def _suggest_distinction(environment: str, name: str, found: Sequence[secret_status.NeededSecret]) -> str:
    kinds = [kind for kind in secret_status.SECRET_KINDS if kind in {each.kind for each in found}]
    if len(kinds) > 1:
        return f"choose one: {format_command('secrets set', environment, name, in_=kinds[0])}"
    return f"use its ARN: {' or '.join(each.id for each in found)}"


def _suggest_alternative(environment: str, name: str, names: Sequence[str], *, unasked: bool) -> str:
    if unasked:
        return f"add the service: --in {' or --in '.join(secret_status.SECRET_KINDS)}"
    if near := find_nearest(name, names):
        return f"did you mean {near}? For a secret not used in settings: --unasked --in secretsmanager"
    return f"list the secrets in use: {format_command('secrets list', environment)}"


def _require_writable(seen: secret_status.Sighting, environment: str) -> None:
    """Raise OperationFailedError if AWS would refuse the change, or lose the existing value."""
    name = seen.secret.name
    if seen.state in ("deleting", "unknown") and (wrong := secret_status.find_problem(seen, environment)):
        raise OperationFailedError(wrong)
    if seen.secret.kind == "ssm" and seen.state == "there" and seen.type != secret_status.ENCRYPTED_TYPE:
        where = f"{secret_status.SERVICE_NAMES['ssm']} of {environment}"
        message = f"{name} in {where} has the type {seen.type}, and AWS can't change the type"
        hint = f"delete it first: aws ssm delete-parameter --name {name}"
        raise OperationFailedError(Problem("E448", message, hint))
