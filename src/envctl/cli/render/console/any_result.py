"""One entry for people: any result, on any console."""

from importlib import import_module

from rich.console import Console

# By name: importing every kind of result would cost a plan more than drawing it does.
RENDERERS = {
    "Approved": "approval.approval.show_approved",
    "ApprovedRules": "approval.rules.show_approved_rules",
    "Reviewed": "approval.approval.show_reviewed",
    "Begun": "project.new_project.show_begun",
    "Bootstrap": "project.bootstrap.show_bootstrap",
    "Deployed": "deployment.deployment.show_deployed",
    "Diff": "inspect.diff.show_diff",
    "Doctor": "inspect.doctor.show_doctor",
    "Drift": "plan.drift.show_drift",
    "EnvironmentOutputs": "inspect.outputs.show_outputs",
    "EnvironmentRules": "approval.rules.show_rules",
    "EnvironmentPlan": "plan.plan.show_plan_alone",
    "EnvironmentSettings": "inspect.settings.show_settings",
    "Explained": "plan.explained.show_explained",
    "EnvironmentSecrets": "project.secrets.show_listed",
    "Fixed": "deployment.fixed_drift.show_fixed",
    "Formatted": "project.formatted.show_formatted",
    "History": "inspect.history.show_history",
    "Locked": "approval.locking.show_locked",
    "LockedProviders": "project.lock_providers.show_locked_providers",
    "Matrix": "plan.many_plans.show_matrix",
    "PinnedKeys": "project.signing_keys.show_pinned",
    "Plans": "plan.many_plans.show_plans",
    "Preview": "plan.preview.show_preview",
    "OneOutput": "inspect.outputs.show_one",
    "Recovered": "deployment.recovery.show_recovered",
    "Rendered": "inspect.settings.show_rendered",
    "ReportWritten": "inspect.report.show_written",
    "RulesResetState": "approval.rules.show_reset",
    "SandboxState": "project.sandbox.show_sandbox",
    "SecretSet": "project.secrets.show_set",
    "SecretsChecked": "project.secrets.show_checked",
    "Status": "inspect.status.show_status",
    "Unlocked": "approval.locking.show_unlocked",
    "Valid": "inspect.settings.show_valid",
    "Verification": "deployment.verification.show_verification",
    "Verified": "inspect.history.show_verified",
    "Why": "approval.why.show_why",
    "Withdrawn": "approval.approval.show_withdrawn",
    "Workflows": "project.workflows.show_workflows",
}


def show(result: object, out: Console) -> None:
    module, _, function = RENDERERS[type(result).__name__].rpartition(".")
    getattr(import_module(f"envctl.cli.render.console.{module}"), function)(result, out)
