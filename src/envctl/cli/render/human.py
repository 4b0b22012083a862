"""One entry for people: any result, on any console."""

from importlib import import_module

from rich.console import Console

# By name: importing every kind of result would cost a plan more than drawing it does.
RENDERERS = {
    "Approved": "approval.show_approved",
    "ApprovedRules": "rules.show_approved_rules",
    "Reviewed": "approval.show_reviewed",
    "Begun": "begun.show_begun",
    "Bootstrap": "bootstrap.show_bootstrap",
    "Deployed": "deployment.show_deployed",
    "Diff": "diff.show_diff",
    "Doctor": "doctor.show_doctor",
    "Drift": "drift.show_drift",
    "EnvironmentOutputs": "outputs.show_outputs",
    "EnvironmentRules": "rules.show_rules",
    "EnvironmentPlan": "plan.show_plan_alone",
    "EnvironmentSettings": "settings.show_settings",
    "Explained": "explained.show_explained",
    "EnvironmentSecrets": "secrets.show_listed",
    "Fixed": "fixed.show_fixed",
    "Formatted": "formatted.show_formatted",
    "History": "history.show_history",
    "Locked": "locking.show_locked",
    "LockedProviders": "lock_providers.show_locked_providers",
    "Matrix": "many.show_matrix",
    "PinnedKeys": "signing.show_pinned",
    "Plans": "many.show_plans",
    "Preview": "preview.show_preview",
    "OneOutput": "outputs.show_one",
    "Recovered": "recovery.show_recovered",
    "Rendered": "settings.show_rendered",
    "ReportWritten": "written.show_written",
    "RulesResetState": "rules.show_reset",
    "SandboxState": "sandbox.show_sandbox",
    "SecretSet": "secrets.show_set",
    "SecretsChecked": "secrets.show_checked",
    "Status": "status.show_status",
    "Unlocked": "locking.show_unlocked",
    "Valid": "settings.show_valid",
    "Verification": "verification.show_verification",
    "Verified": "history.show_verified",
    "Why": "why.show_why",
    "Withdrawn": "approval.show_withdrawn",
    "Workflows": "workflows.show_workflows",
}


def show(result: object, out: Console) -> None:
    module, function = RENDERERS[type(result).__name__].split(".")
    getattr(import_module(f"envctl.cli.render.{module}"), function)(result, out)
