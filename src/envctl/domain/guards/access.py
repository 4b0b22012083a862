"""G203 and G207: that it happens in the right account, and that whoever asks may ask for it."""

from envctl.domain.aws.access import Caller
from envctl.domain.guards.providers import check_providers
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.people.principals import in_ci, may


def account(request: Request) -> Refusal | None:
    """G203: the account that answers to the credentials, and that of every provider in the plan, is the target's."""
    return wrong_account(request.target, request.account, request.caller) or check_providers(request)


def wrong_account(target: str, wanted: str, caller: Caller | None) -> Refusal | None:
    if caller is None or not wanted or caller.account_id == wanted:
        return None
    message = f"{target} is account {wanted}, and the credentials are of {caller.account_id}: {caller.arn}"
    hint = f"use those of {target}: assume_role or profile in envctl.toml, then: envctl doctor {target}"
    return Refusal("G203", "account", message, hint, waivable=False)


def allowed(request: Request) -> Refusal | None:
    """G207: the actor is one of those who may change the target, and is where it may be changed from."""
    who, rules = request.actor, request.rules
    if rules.only_ci and not in_ci(who):
        message = f"{request.target} is changed by CI alone, and {who.name} is not verified as a run of it"
        message += describe_doubt(request)
        hint = f"let a workflow that has an identity of its own run: {request.command} --yes"
        return Refusal("G207", "allowed", message, hint, waivable=False)
    if not rules.apply or may(rules.apply, who):
        return None
    message = f"{who} may not change {request.target}: that may {' or '.join(rules.apply)}{describe_doubt(request)}"
    return Refusal("G207", "allowed", message, f"as {rules.apply[0]}: {request.command}", waivable=False)


def describe_doubt(request: Request) -> str:
    """Why the actor is not verified, behind a refusal of that actor; empty where that is not known."""
    return f"; {request.doubt}" if request.doubt else ""
