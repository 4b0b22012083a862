"""Results as Markdown, for pull requests and step summaries. All times are UTC."""

from datetime import datetime
from importlib import import_module

from envctl.domain.errors import EnvctlError
from envctl.domain.guards import RefusedError

# The renderer by class name.
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


def render_result(result: object) -> str | None:
    """Return the page of a result; None for a result that has no Markdown of its own."""
    name = RENDERERS.get(type(result).__name__)
    if name is None:
        return None
    module, function = name.split(".")
    text: str = getattr(import_module(f"envctl.cli.render.markdown.{module}"), function)(result)
    return text


def show_error(error: EnvctlError, now: datetime) -> str:
    if isinstance(error, RefusedError):
        from envctl.cli.render.markdown.refusals import render_refusals

        return render_refusals(error, now)
    from envctl.cli.render.markdown.failure import render_failure

    return render_failure(error)
