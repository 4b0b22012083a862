"""Guard G203 for plans: every AWS provider acts in the account of the target."""

from envctl.domain.guards.request import Refusal, Request
from envctl.domain.plan.provider_accounts import (
    AccountMismatch,
    AccountScope,
    find_account_mismatches,
    name_configuration,
    suggest_fix,
)
from envctl.domain.text.lists import join_first

MAX_NAMED = 3


def check_providers(request: Request) -> Refusal | None:
    """G203: return the refusal for AWS providers outside the account of the target. A rollback or destroy must stay
    possible: its configuration was deployed before, and only gets a warning for a provider without an account.
    """
    home = AccountScope(request.target, request.account, request.role, request.other_accounts)
    strays = [
        (plan.stack, stray)
        for plan in (request.plan.stacks if request.plan else ())
        for configuration in plan.providers
        for stray in find_account_mismatches(configuration, home)
    ]
    if not strays:
        return None
    told = [f"{stack}: {name_configuration(stray.configuration)} {stray.why}" for stack, stray in strays]
    message = f"{join_first(told, MAX_NAMED)}; {home.environment} is account {home.account}"
    _, first = strays[0]
    hint = f"{suggest_fix(first, home.environment)}; then: {_suggest_retry(request, first)}"
    warns = request.action in {"rollback", "destroy"} and not any(stray.account for _, stray in strays)
    return Refusal("G203", "account", message, hint, warns=warns, waivable=False)


def _suggest_retry(request: Request, stray: AccountMismatch) -> str:
    """Return the next command. A release is immutable: a fault in its modules needs a new release."""
    return request.command if stray.account else f"envctl apply {request.pipeline.entry}"
