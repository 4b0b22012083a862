"""Guards G203 and G207: the right account, and an actor with permission."""

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.providers import check_providers
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.people.principals import is_ci_run, is_permitted


def check_account(request: Request) -> Refusal | None:
    """G203: the credentials and every provider of the plan belong to the account of the target."""
    return check_caller_account(request.target, request.account, request.caller) or check_providers(request)


def check_caller_account(target: str, wanted: str, caller: CallerIdentity | None) -> Refusal | None:
    """Return the G203 refusal if the caller is in another account than `wanted`."""
    if caller is None or not wanted or caller.account_id == wanted:
        return None
    message = f"{target} is account {wanted}, and the credentials are of {caller.account_id}: {caller.arn}"
    hint = f"use those of {target}: assume_role or profile in envctl.toml, then: envctl doctor {target}"
    return Refusal(GuardCode.ACCOUNT, message, hint, waivable=False)


def check_permission(request: Request) -> Refusal | None:
    """G207: the actor has permission to change the target, and runs in CI if the rules ask for it."""
    who, rules = request.actor, request.rules
    if rules.only_ci and not is_ci_run(who):
        message = f"{request.target} is changed by CI alone, and {who.name} is not verified as a run of it"
        message += describe_doubt(request)
        hint = f"let a workflow that has an identity of its own run: {request.command} --yes"
        return Refusal(GuardCode.ALLOWED, message, hint, waivable=False)
    if not rules.apply or is_permitted(rules.apply, who):
        return None
    message = f"{who} may not change {request.target}: that may {' or '.join(rules.apply)}{describe_doubt(request)}"
    return Refusal(GuardCode.ALLOWED, message, f"as {rules.apply[0]}: {request.command}", waivable=False)


def describe_doubt(request: Request) -> str:
    """Return the reason for an unverified actor as the end of a message; empty if it is unknown."""
    return f"; {request.doubt}" if request.doubt else ""
