"""`envctl secrets set ENV NAME`: gives a secret a value, which comes from a person or a pipe and goes to AWS alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from envctl.domain.aws.secret_names import read
from envctl.domain.aws.secret_status import (
    ENCRYPTED,
    KINDS,
    SERVICES,
    Kind,
    NeededSecret,
    SecretChange,
    SecretValue,
    Sighting,
    problem,
    unfit,
)
from envctl.domain.config.project import Project
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem, UsageError
from envctl.domain.text.suggestions import nearest
from envctl.usecases.account.secret_check import asked_for, in_account
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load


@dataclass(frozen=True)
class SecretSet:
    """`created` is false where it was there and got a new version. `arn_differs` says that the settings name the ARN of
    one that is gone: AWS gives the new one another.
    """

    environment: str
    account_id: str
    kind: Kind
    name: str
    created: bool
    arn_differs: bool
    next: str


def set_secret(
    ports: Ports,
    environment: str,
    name: str,
    value: Callable[[], SecretValue],
    *,
    kind: Kind | None = None,
    unasked: bool = False,
    kms_key: str = "",
) -> SecretSet:
    """Only what a setting asks for, unless `unasked` says that this is known. `value` is called last, when all else is
    well and it was said yes to.
    """
    project, target = load.seen_from(ports, environment)
    secret = _meant(ports, project, target, name, kind, unasked=unasked)
    account = in_account(ports, project, target).account_id
    if secret.account_id not in ("", account):
        message = f"{secret.name} is in account {secret.account_id}, and {target} in {account}"
        raise OperationFailedError(Problem("E445", message, "set it there: envctl writes to an environment's own"))
    (seen,) = ports.secrets.look(target, (secret,))
    _writable(seen, target)
    creates = seen.state == "absent"
    if not ports.consent.puts(SecretChange(target, account, secret, creates)):
        again = f"envctl secrets set {target} {secret.name}"
        raise InterruptedByUserError(Problem("E310", "stopped on your answer: nothing was changed", again))
    given = value()
    if wrong := unfit(given, secret.kind):
        raise UsageError(Problem("E447", f"the value of {secret.name} can't be stored: {wrong}", "give another one"))
    tags = {"project": project.name, "environment": target, "managed_by": "envctl"}
    ports.secrets.put(target, seen, given, tags=tags, kms_key=kms_key)
    next_ = f"envctl secrets check {target}" if secret.asked_by else ""
    return SecretSet(target, account, secret.kind, secret.name, creates, creates and secret.id != secret.name, next_)


def _meant(
    ports: Ports, project: Project, environment: str, name: str, kind: Kind | None, *, unasked: bool
) -> NeededSecret:
    if unasked and kind:
        return _plain(kind, name)
    secrets = asked_for(ports, project, environment).secrets
    found = [each for each in secrets if name in (each.name, each.id) and kind in (None, each.kind)]
    if len(found) == 1:
        return found[0]
    if found:
        message = f"more than one secret that {environment} asks for is called {name}"
        raise UsageError(Problem("E446", message, _apart(environment, name, found)))
    raise UsageError(
        Problem(
            "E446",
            f"no setting of {environment} asks for a secret {name}",
            _instead(environment, name, [each.name for each in secrets], unasked=unasked),
        )
    )


def _plain(kind: Kind, name: str) -> NeededSecret:
    try:
        secret = read(kind, name)
    except ValueError:
        secret = None
    if secret is None or secret.kind != kind:
        message = f"{name} can't be the name of a secret in {SERVICES[kind]}"
        raise UsageError(Problem("E446", message, "letters, digits and / _ . - can be in one"))
    return secret


def _apart(environment: str, name: str, found: Sequence[NeededSecret]) -> str:
    kinds = [kind for kind in KINDS if kind in {each.kind for each in found}]
    if len(kinds) > 1:
        return f"say which: envctl secrets set {environment} {name} --in {kinds[0]}"
    return f"name its ARN: {' or '.join(each.id for each in found)}"


def _instead(environment: str, name: str, names: Sequence[str], *, unasked: bool) -> str:
    if unasked:
        return f"say where it shall be: --in {' or --in '.join(KINDS)}"
    if near := nearest(name, names):
        return f"did you mean {near}? If not, and you are sure: --unasked --in secretsmanager"
    return f"see what is asked for: envctl secrets list {environment}"


def _writable(seen: Sighting, environment: str) -> None:
    """Raises OperationFailedError where AWS would refuse, or would lose what is there."""
    name = seen.secret.name
    if seen.state in ("deleting", "unknown") and (wrong := problem(seen, environment)):
        raise OperationFailedError(wrong)
    if seen.secret.kind == "ssm" and seen.state == "there" and seen.type != ENCRYPTED:
        message = f"{name} in {SERVICES['ssm']} of {environment} is a {seen.type}, and AWS never makes another of it"
        hint = f"take it away first: aws ssm delete-parameter --name {name}"
        raise OperationFailedError(Problem("E448", message, hint))
