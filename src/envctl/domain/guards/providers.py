"""G203, asked about a plan: that every AWS provider in it acts in the account of the target."""

from envctl.domain.enumeration import first_of
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.provider_accounts import Home, Stray, advise, find_strays, name_configuration

NAMED = 3


def check_providers(request: Request) -> Refusal | None:
    """A way back stays open: what a rollback or a destroy finds was deployed there before, so that a configuration that
    names no account is only a warning then.
    """
    home = Home(request.target, request.account, request.role, request.other_accounts)
    strays = [
        (plan.stack, stray)
        for plan in (request.plan.stacks if request.plan else ())
        for configuration in plan.providers
        for stray in find_strays(configuration, home)
    ]
    if not strays:
        return None
    told = [f"{stack}: {name_configuration(stray.configuration)} {stray.why}" for stack, stray in strays]
    message = f"{first_of(told, NAMED)}; {home.environment} is account {home.account}"
    _, first = strays[0]
    hint = f"{advise(first, home.environment)}; then: {_next(request, first)}"
    warns = request.action in {"rollback", "destroy"} and not any(stray.account for _, stray in strays)
    return Refusal("G203", "account", message, hint, warns=warns, waivable=False)


def _next(request: Request, stray: Stray) -> str:
    """A release can't be corrected: what stands in its modules needs a new one."""
    return request.command if stray.account else f"envctl apply {request.pipeline.entry}"
