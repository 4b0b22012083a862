"""The result types of each command. The schemas in docs/schemas/ are generated from this table."""

from dataclasses import dataclass

# Paths below `envctl`: reporting a failure must not import all result types. Empty for a command without a result of
# its own on stdout.
RESULTS: dict[str, tuple[str, ...]] = {
    "--version": ("cli.result_types.Version",),
    "apply": ("usecases.deployment.result.DeploymentResult",),
    "approve": (
        "usecases.approval.approve.ApprovalResult",
        "usecases.approval.approve.WithdrawalResult",
        "usecases.approval.approve_rules.ApprovedRules",
        "usecases.approval.ci_reviewers.ReviewResult",
    ),
    "bootstrap": ("usecases.account.bootstrap.Bootstrap",),
    "ci github": ("usecases.project.ci.ci_workflows.Workflows",),
    "ci codebuild": ("usecases.project.ci.ci_workflows.Workflows",),
    "ci gitlab": ("usecases.project.ci.ci_workflows.Workflows",),
    "collect": ("usecases.drift.result.Drift", "usecases.fleet.merge.Plans"),
    "completion": (),
    "destroy": ("usecases.deployment.result.DeploymentResult",),
    "diff": ("usecases.inspect.diff.Diff",),
    "doctor": ("usecases.inspect.doctor.doctor.Doctor",),
    "drift": ("usecases.drift.drift.Drift", "usecases.drift.fix.DriftFix"),
    "eject": ("usecases.inspect.eject.EjectedProject",),
    "exec": (),
    "fmt": ("usecases.project.fmt.FormatResult",),
    "history": ("usecases.inspect.history.History",),
    "images pin": ("usecases.account.image_pins.PinnedImages",),
    "init": ("usecases.project.init.InitResult",),
    "ledger export": (),
    "ledger keys": ("usecases.project.signing_keys.PinnedKeys",),
    "ledger verify": ("usecases.inspect.history.LedgerVerification",),
    "lock": ("usecases.inspect.locking.LockResult",),
    "lock-providers": ("usecases.project.lock_providers.LockedProviders",),
    "matrix": ("usecases.fleet.matrix.Matrix",),
    "output": ("usecases.inspect.outputs.EnvironmentOutputs", "usecases.inspect.outputs.OneOutput"),
    "plan": (
        "domain.plan.changes.EnvironmentPlan",
        "usecases.inspect.explain_plan.ExplainedPlan",
        "usecases.fleet.merge.Plans",
    ),
    "preview": ("usecases.inspect.preview.Preview",),
    "promote": ("usecases.deployment.result.DeploymentResult",),
    "recover": ("usecases.deployment.recovery.recover.RecoveryResult",),
    "release show": ("usecases.inspect.releases.ReleaseDetails",),
    "releases": ("usecases.inspect.releases.Releases",),
    "render": ("usecases.inspect.render.RenderedRoots",),
    "report": ("cli.output.report_file.ReportFile", "usecases.inspect.report.Report"),
    "rollback": ("usecases.deployment.result.DeploymentResult",),
    "rules": ("usecases.inspect.rules.EnvironmentRules", "usecases.approval.reset_rules.RulesResetState"),
    "sandbox down": ("cli.commands.project.sandbox.SandboxState",),
    "sandbox status": ("cli.commands.project.sandbox.SandboxState",),
    "sandbox up": ("cli.commands.project.sandbox.SandboxState",),
    "schema": (),
    "secrets check": ("usecases.account.secret_check.SecretsCheck",),
    "secrets list": ("usecases.account.secret_check.EnvironmentSecrets",),
    "secrets set": ("usecases.account.secret_set.SecretSet",),
    "settings": ("domain.settings.settings.EnvironmentSettings",),
    "status": ("usecases.inspect.status.Status",),
    "unlock": ("usecases.inspect.locking.UnlockResult",),
    "validate": ("usecases.inspect.settings.ValidationResult",),
    "verify": ("usecases.deployment.verification.Verification",),
    "why": ("usecases.approval.explain_refusal.Why",),
}
# Commands with partial results: a document may have `result` beside `problems`.
PARTIAL_COMMANDS = frozenset(
    {"bootstrap", "collect", "diff", "doctor", "drift", "output", "plan", "preview", "why"}
    | {"ci codebuild", "ci github", "ci gitlab", "fmt", "images pin", "lock-providers", "secrets check", "secrets list"}
)


@dataclass(frozen=True)
class Version:
    version: str
