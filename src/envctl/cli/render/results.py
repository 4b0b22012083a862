"""What each command answers with. Of this table the schemas in docs/schemas/ are made, one a command."""

from dataclasses import dataclass

# By name, below `envctl`: what says that a command failed need not import every kind of result. A command whose stdout
# belongs to somebody else has an empty row.
RESULTS: dict[str, tuple[str, ...]] = {
    "--version": ("cli.render.results.Version",),
    "apply": ("usecases.run.Deployed",),
    "approve": (
        "usecases.approve.Approved",
        "usecases.approve.Withdrawn",
        "usecases.approve_rules.ApprovedRules",
        "usecases.review.Reviewed",
    ),
    "bootstrap": ("usecases.bootstrap.Bootstrap",),
    "ci github": ("usecases.workflows.Workflows",),
    "ci gitlab": ("usecases.workflows.Workflows",),
    "collect": ("usecases.drifted.Drift", "usecases.merging.Plans"),
    "completion": (),
    "destroy": ("usecases.run.Deployed",),
    "diff": ("usecases.diff.Diff",),
    "doctor": ("usecases.doctor.Doctor",),
    "drift": ("usecases.drift.Drift", "usecases.fix.Fixed"),
    "exec": (),
    "fmt": ("usecases.fmt.Formatted",),
    "history": ("usecases.history.History",),
    "init": ("usecases.init.Begun",),
    "ledger export": (),
    "ledger keys": ("usecases.pin_keys.PinnedKeys",),
    "ledger verify": ("usecases.history.Verified",),
    "lock": ("usecases.locking.Locked",),
    "lock-providers": ("usecases.lock_providers.LockedProviders",),
    "matrix": ("usecases.matrix.Matrix",),
    "output": ("usecases.outputs.EnvironmentOutputs", "usecases.outputs.OneOutput"),
    "plan": ("domain.changes.EnvironmentPlan", "usecases.explain.Explained", "usecases.merging.Plans"),
    "preview": ("usecases.preview.Preview",),
    "promote": ("usecases.run.Deployed",),
    "recover": ("usecases.recover.Recovered",),
    "render": ("usecases.render.Rendered",),
    "report": ("cli.pages.ReportWritten", "usecases.report.Report"),
    "rollback": ("usecases.run.Deployed",),
    "rules": ("usecases.rules.EnvironmentRules", "usecases.reset_rules.RulesResetState"),
    "sandbox down": ("cli.commands.sandbox.SandboxState",),
    "sandbox status": ("cli.commands.sandbox.SandboxState",),
    "sandbox up": ("cli.commands.sandbox.SandboxState",),
    "secrets check": ("usecases.secrets.SecretsChecked",),
    "secrets list": ("usecases.secrets.EnvironmentSecrets",),
    "secrets set": ("usecases.secret_setting.SecretSet",),
    "settings": ("domain.settings_values.EnvironmentSettings",),
    "status": ("usecases.status.Status",),
    "unlock": ("usecases.locking.Unlocked",),
    "validate": ("usecases.settings.Valid",),
    "verify": ("usecases.verify.Verification",),
    "why": ("usecases.why.Why",),
}
# Those that tell what they found out although something went wrong elsewhere: `result` beside `problems`.
IN_PART = frozenset(
    {
        "bootstrap",
        "ci github",
        "ci gitlab",
        "collect",
        "diff",
        "doctor",
        "drift",
        "fmt",
        "lock-providers",
        "output",
        "plan",
        "preview",
        "secrets check",
        "secrets list",
    }
)


@dataclass(frozen=True)
class Version:
    version: str
