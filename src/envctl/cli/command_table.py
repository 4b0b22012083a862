"""All commands, one row each, in the order of --help: what is known of a command before its module is imported.

Names in place of modules, classes and functions: a command line imports its own ones only. A test checks that all of
them exist, and that nothing is missing: tests/cli/test_command_table.py. Every start pays for this module: named tuples
take half the time of dataclasses.
"""

from collections.abc import Iterator
from typing import NamedTuple


class ResultType(NamedTuple):
    """A type of result, and what renders it.

    Attributes:
        path: The class, below `envctl`.
        console: The function that prints it, below `envctl.cli.render.console`.
        markdown: The function that renders it, below `envctl.cli.render.markdown`. Empty: as on the console.
        line: The function that returns its text if one line is enough, below `envctl.cli.render.words`.
        verdicts: The function that lists its verdicts for reports, in `envctl.cli.render.ci_reports.verdicts`.
        is_partial: It may be partial: a document may have `result` beside `problems`.
        is_done: It deploys or records something: its exit code must say that this is done.
    """

    path: str
    console: str
    markdown: str = ""
    line: str = ""
    verdicts: str = ""
    is_partial: bool = False
    is_done: bool = False


class Command(NamedTuple):
    """One command. Its function has the last word of its name.

    Attributes:
        module: Below `envctl.cli.commands`.
        help: Its line in --help.
        results: Empty for a command without a result of its own on stdout.
    """

    module: str
    help: str
    results: tuple[ResultType, ...]


class CommandGroup(NamedTuple):
    help: str
    commands: dict[str, Command]


_APPROVAL = ResultType(
    "usecases.approval.approve.ApprovalResult",
    "approval.approval.show_approval",
    "approval.render_approved",
    is_done=True,
)
_APPROVALS = ResultType("usecases.approval.approval_pages.Approvals", "approval.pages.show_approvals")
_APPROVAL_PAGE = ResultType("usecases.approval.approval_pages.ApprovalPage", "approval.pages.show_approval_page")
_APPROVED_RULES = ResultType(
    "usecases.approval.approve_rules.ApprovedRules", "approval.rules.show_rules_approval", is_done=True
)
_BOOTSTRAP = ResultType("usecases.account.bootstrap.Bootstrap", "project.bootstrap.show_bootstrap", is_partial=True)
_DEPLOYMENT = ResultType(
    "usecases.deployment.result.DeploymentResult",
    "deployment.deployment.show_deployment",
    "deployment.render_deployment",
    verdicts="list_deployment_verdicts",
    is_done=True,
)
_DIFF = ResultType("usecases.inspect.diff.Diff", "inspect.diff.show_diff", "diff.render_diff", is_partial=True)
_DOCTOR = ResultType(
    "usecases.inspect.doctor.doctor.Doctor", "inspect.doctor.show_doctor", "checks.render_doctor", is_partial=True
)
_DRIFT = ResultType(
    "usecases.drift.result.Drift",
    "plan.drift.show_drift",
    "drift.render_drift",
    verdicts="list_drift_verdicts",
    is_partial=True,
)
_DRIFT_FIX = ResultType(
    "usecases.drift.fix.DriftFix",
    "deployment.fixed_drift.show_drift_fix",
    "drift.render_fixed_drift",
    verdicts="list_fix_verdicts",
    is_partial=True,
    is_done=True,
)
_EJECTED_PROJECT = ResultType("usecases.inspect.eject.EjectedProject", "project.written_files.show_ejected")
_ENVIRONMENT_OUTPUTS = ResultType(
    "usecases.inspect.outputs.EnvironmentOutputs", "inspect.outputs.show_outputs", is_partial=True
)
_ENVIRONMENT_PLAN = ResultType(
    "domain.plan.changes.EnvironmentPlan", "plan.plan.show_plan_alone", "plan.render_plan", is_partial=True
)
_ENVIRONMENT_RULES = ResultType("usecases.inspect.rules.EnvironmentRules", "approval.rules.show_rules")
_ENVIRONMENT_SECRETS = ResultType(
    "usecases.account.secret_check.EnvironmentSecrets", "project.secrets.show_secrets", is_partial=True
)
_ENVIRONMENT_SETTINGS = ResultType("domain.settings.settings.EnvironmentSettings", "inspect.settings.show_settings")
_EXPLAINED_PLAN = ResultType(
    "usecases.inspect.explain_plan.ExplainedPlan",
    "inspect.explained.show_explained_plan",
    "explained_plan.render_explained_plan",
    is_partial=True,
)
_EXPLANATION = ResultType(
    "usecases.inspect.explain.Explanation", "inspect.explanation.show_explanation", "explanation.render_explanation"
)
_FORMAT = ResultType("usecases.project.fmt.FormatResult", "project.written_files.show_formatted", is_partial=True)
_HISTORY = ResultType("usecases.inspect.history.History", "inspect.history.show_history", "history.render_history")
_INIT = ResultType("usecases.project.init.InitResult", "project.written_files.show_new_project")
_LEDGER_VERIFICATION = ResultType(
    "usecases.inspect.history.LedgerVerification",
    "inspect.history.show_ledger_verification",
    "history.render_ledger_verification",
)
_LOCK = ResultType("usecases.approval.locking.LockResult", "approval.approval.show_lock")
_LOCKED_PROVIDERS = ResultType(
    "usecases.project.lock_providers.LockedProviders",
    "project.pins.show_locked_providers",
    is_partial=True,
)
_MATRIX = ResultType("usecases.fleet.matrix.Matrix", "any_result.show_one_line", line="matrix.format_matrix")
_ONE_OUTPUT = ResultType(
    "usecases.inspect.outputs.OneOutput", "any_result.show_one_line", line="one_line.format_one_output"
)
_PINNED_IMAGES = ResultType(
    "usecases.account.image_pins.PinnedImages", "project.pins.show_pinned_images", is_partial=True
)
_INSTALLED_PROGRAM = ResultType(
    "usecases.project.terraform_program.InstalledProgram", "project.pins.show_installed_program"
)
_PINNED_PROGRAM = ResultType("usecases.project.terraform_program.PinnedProgram", "project.pins.show_pinned_program")
_VOUCHED = ResultType("usecases.approval.vouch.VouchedHistory", "inspect.vouching.show_vouched_history")
_PINNED_KEYS = ResultType("usecases.project.signing_keys.PinnedKeys", "project.pins.show_pinned_keys")
_PLANS = ResultType("usecases.fleet.merge.Plans", "plan.many_plans.show_plans", "plans.render_plans", is_partial=True)
_PREVIEW = ResultType(
    "usecases.inspect.preview.Preview", "plan.many_plans.show_plans", "plans.render_preview", is_partial=True
)
_RECOVERY = ResultType(
    "usecases.deployment.recovery.recover.RecoveryResult", "deployment.recovery.show_recovery", is_done=True
)
_RELEASES = ResultType(
    "usecases.inspect.releases.Releases", "inspect.releases.show_releases", "history.render_releases"
)
_RELEASE_DETAILS = ResultType(
    "usecases.inspect.releases.ReleaseDetails",
    "inspect.releases.show_release_details",
    "history.render_release_details",
)
_RENDERED_ROOTS = ResultType("usecases.inspect.render.RenderedRoots", "inspect.settings.show_root_modules")
_REPORT = ResultType("usecases.inspect.report.Report", "any_result.show_document")
_REPORT_FILE = ResultType("cli.results.ReportFile", "project.written_files.show_report")
_REVIEW = ResultType(
    "usecases.approval.ci_reviewers.ReviewResult",
    "approval.approval.show_reviews",
    "approval.render_reviewed",
    is_done=True,
)
_RULES_RESET = ResultType("usecases.approval.reset_rules.RulesResetState", "approval.rules.show_rules_reset")
_SANDBOX = ResultType("cli.results.SandboxState", "project.sandbox.show_sandbox")
_SECRETS_CHECK = ResultType(
    "usecases.account.secret_check.SecretsCheck", "project.secrets.show_secrets_check", is_partial=True
)
_SECRET_SET = ResultType("usecases.account.secret_set.SecretSet", "project.secrets.show_secret_set")
_STATUS = ResultType("usecases.inspect.status.Status", "inspect.status.show_status", "status.render_status")
_UNLOCK = ResultType("usecases.approval.locking.UnlockResult", "approval.approval.show_unlock")
_VALIDATION = ResultType(
    "usecases.inspect.settings.ValidationResult",
    "inspect.settings.show_validation",
    "checks.render_validation",
    line="one_line.format_valid_project",
)
_VERIFICATION = ResultType(
    "usecases.deployment.verification.Verification",
    "deployment.deployment.show_verification",
    "deployment.render_verification",
    verdicts="list_check_verdicts",
    is_done=True,
)
_VERSION = ResultType("cli.results.Version", "any_result.show_one_line", line="one_line.format_version")
_WHY = ResultType(
    "usecases.approval.explain_refusal.Why",
    "approval.why.show_why",
    "why.render_why",
    verdicts="list_why_verdicts",
    is_partial=True,
)
_WITHDRAWAL = ResultType(
    "usecases.approval.approve.WithdrawalResult",
    "approval.approval.show_withdrawal",
    "approval.render_withdrawn",
    is_done=True,
)
_WAIVER = ResultType("usecases.approval.waivers.WaiverResult", "approval.waivers.show_waiver", is_done=True)
_WAIVER_REVIEW = ResultType("usecases.approval.waivers.WaiverReview", "approval.waivers.show_review", is_done=True)
_WORKFLOWS = ResultType(
    "usecases.project.ci.ci_workflows.Workflows",
    "project.written_files.show_workflows",
    verdicts="list_pin_verdicts",
    is_partial=True,
)

TABLE: dict[str, dict[str, Command | CommandGroup]] = {
    "Day to day": {
        "status": Command("inspect.status", "Show all environments, and the next command.", (_STATUS,)),
        "plan": Command(
            "inspect.plan", "Show what an apply would change.", (_ENVIRONMENT_PLAN, _EXPLAINED_PLAN, _PLANS)
        ),
        "apply": Command("deployment.apply", "Deploy the working tree to the first environment.", (_DEPLOYMENT,)),
        "why": Command("approval.why", "Check whether a promotion is allowed, and why not.", (_WHY,)),
        "approve": Command(
            "approval.approve",
            "Approve the plan of the next release.",
            (_APPROVAL, _WITHDRAWAL, _APPROVED_RULES, _REVIEW),
        ),
        "promote": Command("deployment.promote", "Deploy a verified release to the next environment.", (_DEPLOYMENT,)),
    },
    "Release": {
        "preview": Command("inspect.preview", "Plan a release in all environments.", (_PREVIEW,)),
        "verify": Command(
            "deployment.verify", "Run the checks of an environment, and record the result.", (_VERIFICATION,)
        ),
        "rollback": Command("deployment.rollback", "Go back to an earlier verified release.", (_DEPLOYMENT,)),
        "rules": Command(
            "approval.rules", "Show the rules of an environment, and their source.", (_ENVIRONMENT_RULES, _RULES_RESET)
        ),
        "matrix": Command("fleet.matrix", "Split a plan or drift run across CI jobs.", (_MATRIX,)),
        "collect": Command("fleet.collect", "Merge the results of a matrix run.", (_DRIFT, _PLANS)),
    },
    "Inspect": {
        "releases": Command("inspect.releases", "List the releases, and where they run.", (_RELEASES,)),
        "release": CommandGroup(
            "Show one release: commit, content, environments.",
            {
                "show": Command(
                    "inspect.release", "Show one release: commit, content, environments.", (_RELEASE_DETAILS,)
                ),
            },
        ),
        "approval": CommandGroup(
            "List approvals, and show what an approver read.",
            {
                "list": Command("approval.approval", "List the given approvals.", (_APPROVALS,)),
                "show": Command("approval.approval", "Show what an approver read.", (_APPROVAL_PAGE,)),
            },
        ),
        "history": Command("inspect.history", "Show recorded actions: who, what, when.", (_HISTORY,)),
        "diff": Command("inspect.diff", "Show how two environments differ.", (_DIFF,)),
        "drift": Command("inspect.drift", "Compare real resources with what was deployed.", (_DRIFT, _DRIFT_FIX)),
        "report": Command(
            "inspect.report", "Write an HTML report: one file, without scripts.", (_REPORT_FILE, _REPORT)
        ),
        "settings": Command("inspect.settings", "Show each setting and its source.", (_ENVIRONMENT_SETTINGS,)),
        "output": Command(
            "inspect.output", "Show outputs, or print one for a script.", (_ENVIRONMENT_OUTPUTS, _ONE_OUTPUT)
        ),
        "render": Command("inspect.render", "Show root modules and Kubernetes objects.", (_RENDERED_ROOTS,)),
        "eject": Command("inspect.eject", "Write plain root modules, to go on without envctl.", (_EJECTED_PROJECT,)),
        "explain": Command("inspect.explain", "Explain the code of an error or a guard.", (_EXPLANATION,)),
        "exec": Command("inspect.exec", "Run a command with an environment's credentials.", ()),
        "ledger": CommandGroup(
            "Check or export the ledger.",
            {
                "verify": Command(
                    "inspect.ledger", "Recompute the chain, and check every signature.", (_LEDGER_VERIFICATION,)
                ),
                "keys": Command("inspect.ledger", "Pin the public keys for signatures of entries.", (_PINNED_KEYS,)),
                "sign": Command("inspect.ledger", "Vouch for entries from before there were keys.", (_VOUCHED,)),
                "export": Command("inspect.ledger_export", "Export the deployments for an auditor.", ()),
            },
        ),
    },
    "Set up": {
        "init": Command("project.init", "Create a project in a new folder.", (_INIT,)),
        "doctor": Command("inspect.doctor", "Check this machine and every environment.", (_DOCTOR,)),
        "bootstrap": Command("project.bootstrap", "Create or check the buckets of envctl.", (_BOOTSTRAP,)),
        "validate": Command("project.validate", "Check project, modules, settings and objects.", (_VALIDATION,)),
        "fmt": Command("project.fmt", "Format settings and modules as Terraform does.", (_FORMAT,)),
        "lock-providers": Command(
            "project.lock_providers", "Write the provider lock for all stacks and platforms.", (_LOCKED_PROVIDERS,)
        ),
        "terraform": CommandGroup(
            "Pin and install the Terraform that runs.",
            {
                "pin": Command("project.terraform", "Print the pin of a version, by digest.", (_PINNED_PROGRAM,)),
                "install": Command("project.terraform", "Install the pinned program.", (_INSTALLED_PROGRAM,)),
            },
        ),
        "images": CommandGroup(
            "Pin the images of Kubernetes objects by digest.",
            {"pin": Command("project.images", "Write the missing digests of images.", (_PINNED_IMAGES,))},
        ),
        "secrets": CommandGroup(
            "Show, check and set the secrets in settings.",
            {
                "list": Command("project.secrets", "Show the secrets that settings use.", (_ENVIRONMENT_SECRETS,)),
                "check": Command("project.secrets", "Check that all secrets exist.", (_SECRETS_CHECK,)),
                "set": Command("project.secrets", "Create a secret, or add a new version.", (_SECRET_SET,)),
            },
        ),
        "ci": CommandGroup(
            "Write CI workflows for this project.",
            {
                "github": Command("project.ci", "Write or check the workflows of GitHub Actions.", (_WORKFLOWS,)),
                "gitlab": Command("project.ci", "Write or check the pipeline of GitLab CI.", (_WORKFLOWS,)),
                "codebuild": Command(
                    "project.ci", "Write or check what builds of AWS CodeBuild install.", (_WORKFLOWS,)
                ),
            },
        ),
        "schema": Command("project.schema", "Print the JSON Schema of envctl.toml.", ()),
        "completion": Command("project.completion", "Print the completion script of a shell.", ()),
        "sandbox": CommandGroup(
            "Start, check and stop the embedded AWS.",
            {
                "up": Command("project.sandbox", "Start the sandbox, if it does not run.", (_SANDBOX,)),
                "status": Command("project.sandbox", "Show whether the sandbox runs.", (_SANDBOX,)),
                "down": Command("project.sandbox", "Stop the sandbox, and delete its contents.", (_SANDBOX,)),
            },
        ),
    },
    "Recover": {
        "recover": Command("deployment.recover", "Close an interrupted deployment.", (_RECOVERY,)),
        "lock": Command("approval.locking", "Block all changes of an environment.", (_LOCK,)),
        "unlock": Command("approval.locking", "Unlock an environment, or lift a hold.", (_UNLOCK,)),
        "waive": Command("approval.waivers", "Let one deployment override guards.", (_WAIVER,)),
        "review": Command("approval.waivers", "Review the use of a waiver.", (_WAIVER_REVIEW,)),
        "destroy": Command(
            "deployment.destroy", "Destroy all resources of an unprotected environment.", (_DEPLOYMENT,)
        ),
    },
}

# The rows by the first word of their commands.
COMMANDS = {name: row for rows in TABLE.values() for name, row in rows.items()}


def _list_commands() -> Iterator[tuple[str, Command]]:
    for name, row in COMMANDS.items():
        if isinstance(row, Command):
            yield name, row
        else:
            yield from ((f"{name} {word}", command) for word, command in row.commands.items())


# The rows of single commands by their whole names.
ROWS = dict(_list_commands())
# The types of results by command.
RESULTS = {"--version": (_VERSION,)} | {name: row.results for name, row in ROWS.items()}
_RESULT_TYPES = {each.path: each for types in RESULTS.values() for each in types}


def find_result_type(result: object | None) -> ResultType | None:
    cls = type(result)
    return _RESULT_TYPES.get(f"{cls.__module__}.{cls.__qualname__}".removeprefix("envctl."))
