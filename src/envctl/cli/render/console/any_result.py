"""Text of any result on any console."""

from importlib import import_module

from rich.console import Console

from envctl.cli.render.terminal.text import print_nowrap
from envctl.cli.render.words.one_line import render_one_line

# By name: importing every result type would take longer than rendering a plan.
RENDERERS = {
    "ApprovalResult": "approval.approval.show_approval",
    "ApprovedRules": "approval.rules.show_rules_approval",
    "ReviewResult": "approval.approval.show_reviews",
    "InitResult": "project.new_project.show_new_project",
    "Bootstrap": "project.bootstrap.show_bootstrap",
    "DeploymentResult": "deployment.deployment.show_deployment",
    "Diff": "inspect.diff.show_diff",
    "Doctor": "inspect.doctor.show_doctor",
    "Drift": "plan.drift.show_drift",
    "EjectedProject": "project.ejected.show_ejected",
    "EnvironmentOutputs": "inspect.outputs.show_outputs",
    "EnvironmentRules": "approval.rules.show_rules",
    "EnvironmentPlan": "plan.plan.show_plan_alone",
    "EnvironmentSettings": "inspect.settings.show_settings",
    "ExplainedPlan": "inspect.explained.show_explained_plan",
    "EnvironmentSecrets": "project.secrets.show_secrets",
    "DriftFix": "deployment.fixed_drift.show_drift_fix",
    "FormatResult": "project.formatted.show_formatted",
    "History": "inspect.history.show_history",
    "LockResult": "approval.locking.show_lock",
    "LockedProviders": "project.lock_providers.show_locked_providers",
    "Matrix": "any_result.show_one_line",
    "PinnedImages": "project.images.show_pinned_images",
    "PinnedKeys": "project.signing_keys.show_pinned_keys",
    "Plans": "plan.many_plans.show_plans",
    "Preview": "plan.preview.show_preview",
    "OneOutput": "any_result.show_one_line",
    "RecoveryResult": "deployment.recovery.show_recovery",
    "ReleaseDetails": "inspect.releases.show_release_details",
    "Releases": "inspect.releases.show_releases",
    "RenderedRoots": "inspect.settings.show_root_modules",
    "ReportFile": "inspect.report.show_report",
    "RulesResetState": "approval.rules.show_rules_reset",
    "SandboxState": "project.sandbox.show_sandbox",
    "SecretSet": "project.secrets.show_secret_set",
    "SecretsCheck": "project.secrets.show_secrets_check",
    "Status": "inspect.status.show_status",
    "UnlockResult": "approval.locking.show_unlock",
    "ValidationResult": "inspect.settings.show_validation",
    "Verification": "deployment.verification.show_verification",
    "LedgerVerification": "inspect.history.show_ledger_verification",
    "Why": "approval.why.show_why",
    "WithdrawalResult": "approval.approval.show_withdrawal",
    "Workflows": "project.workflows.show_workflows",
}


def render_result(result: object, out: Console) -> None:
    module, _, function = RENDERERS[type(result).__name__].rpartition(".")
    getattr(import_module(f"envctl.cli.render.console.{module}"), function)(result, out)


def show_one_line(result: object, out: Console) -> None:
    print_nowrap(out, render_one_line(result) or "")
