"""Results as Markdown, for pull requests and step summaries. Their readers are elsewhere, and so all times are UTC."""

from datetime import datetime
from importlib import import_module

from envctl.domain.errors import EnvctlError
from envctl.domain.guards import RefusedError

# By name, as for people; what is not listed is shown as they see it.
RENDERERS = {
    "Approved": "approval.approved",
    "Reviewed": "approval.reviewed",
    "Begun": "begun.begun",
    "Deployed": "deployment.deployment",
    "Diff": "diff.diff",
    "Drift": "drift.drift",
    "EnvironmentPlan": "plan.plan",
    "EnvironmentSettings": "settings.settings",
    "History": "history.history",
    "Explained": "explained.explained",
    "Fixed": "drift.fixed",
    "Plans": "plans.plans",
    "LockedProviders": "lock_providers.locked_providers",
    "Preview": "preview.preview",
    "Status": "status.status",
    "Valid": "settings.valid",
    "Verification": "verification.verification",
    "Verified": "history.verified",
    "Why": "why.why",
    "Withdrawn": "approval.withdrawn",
}


def show(result: object) -> str:
    name = RENDERERS.get(type(result).__name__)
    if name is None:
        from envctl.cli.render.console import any_result
        from envctl.cli.render.markdown.page.pieces import drawn, page

        return page(drawn(lambda out: any_result.show(result, out)))
    module, function = name.split(".")
    text: str = getattr(import_module(f"envctl.cli.render.markdown.{module}"), function)(result)
    return text


def show_refused(error: RefusedError, now: datetime) -> str:
    from envctl.cli.render.markdown.refused import refused

    return refused(error, now)


def show_error(error: EnvctlError, now: datetime) -> str:
    if isinstance(error, RefusedError):
        return show_refused(error, now)
    from envctl.cli.render.markdown.failed import failed

    return failed(error)
