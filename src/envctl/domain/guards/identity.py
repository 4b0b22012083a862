"""Guards G203 and G207: credentials and providers of the right account, and an actor with permission."""

from envctl.domain.aws.access import CallerIdentity
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.ledger.people.principals import is_ci_run, is_permitted
from envctl.domain.plan import provider_accounts
from envctl.domain.text.lists import join_first


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


MAX_NAMED = 3


def check_providers(request: Request) -> Refusal | None:
    """G203: return the refusal for AWS providers outside the account of the target. A rollback or destroy must stay
    possible: its configuration was deployed before, and only gets a warning for a provider without an account.
    """
    home = provider_accounts.AccountScope(request.target, request.account, request.role, request.other_accounts)
    strays = [
        (plan.stack, stray)
        for plan in (request.plan.stacks if request.plan else ())
        for configuration in plan.providers
        for stray in provider_accounts.find_account_mismatches(configuration, home)
    ]
    if not strays:
        return None
    told = [
        f"{stack}: {provider_accounts.name_configuration(stray.configuration)} {stray.why}" for stack, stray in strays
    ]
    message = f"{join_first(told, MAX_NAMED)}; {home.environment} is account {home.account}"
    _, first = strays[0]
    # A release is immutable: a fault in its modules needs a new release.
    retry = request.command if first.account else f"envctl apply {request.pipeline.entry}"
    hint = f"{provider_accounts.suggest_fix(first, home.environment)}; then: {retry}"
    warns = request.action in {"rollback", "destroy"} and not any(stray.account for _, stray in strays)
    return Refusal(GuardCode.ACCOUNT, message, hint, warns=warns, waivable=False)
