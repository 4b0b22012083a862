"""Guard G203 for plans: every AWS provider acts in the account of the target."""

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.plan import provider_accounts
from envctl.domain.text.lists import join_first

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
