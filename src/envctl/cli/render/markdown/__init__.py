"""Results as Markdown, for pull requests and step summaries. All times are UTC."""

from datetime import datetime
from importlib import import_module

from envctl.domain.errors import EnvctlError
from envctl.domain.guards import RefusedError

# The renderer by class name. Other results are shown as on the console.
RENDERERS = {
    "ApprovalResult": "approval.render_approved",
    "ReviewResult": "approval.render_reviewed",
    "InitResult": "new_project.render_new_project",
    "DeploymentResult": "deployment.render_deployment",
    "Diff": "diff.render_diff",
    "Doctor": "doctor.render_doctor",
    "Drift": "drift.render_drift",
    "EnvironmentPlan": "plan.render_plan",
    "EnvironmentSettings": "settings.render_settings",
    "History": "history.render_history",
    "ExplainedPlan": "explained_plan.render_explained_plan",
    "DriftFix": "drift.render_fixed_drift",
    "Plans": "plans.render_plans",
    "LockedProviders": "lock_providers.render_provider_lock",
    "Preview": "plans.render_preview",
    "ReleaseDetails": "history.render_release_details",
    "Releases": "history.render_releases",
    "Status": "status.render_status",
    "ValidationResult": "settings.render_validation",
    "Verification": "verification.render_verification",
    "LedgerVerification": "history.render_ledger_verification",
    "Why": "why.render_why",
    "WithdrawalResult": "approval.render_withdrawn",
}


def render_result(result: object) -> str:
    name = RENDERERS.get(type(result).__name__)
    if name is None:
        from envctl.cli.render.console import any_result
        from envctl.cli.render.markdown.page.markup import render_console_output, render_page

        return render_page(render_console_output(lambda out: any_result.render_result(result, out)))
    module, function = name.split(".")
    text: str = getattr(import_module(f"envctl.cli.render.markdown.{module}"), function)(result)
    return text


def show_error(error: EnvctlError, now: datetime) -> str:
    if isinstance(error, RefusedError):
        from envctl.cli.render.markdown.refusals import render_refusals

        return render_refusals(error, now)
    from envctl.cli.render.markdown.failure import render_failure

    return render_failure(error)
