"""One of each result, as an operator meets them. The secret is planted: it must be seen nowhere."""

from dataclasses import replace
from datetime import timedelta

from envctl.cli.results import ReportFile, SandboxState
from envctl.domain.errors import ConfigurationError, InterruptedByUserError, Location, OperationFailedError, Problem
from envctl.domain.ledger.entries import GENESIS
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.usecases.inspect.history import History, LedgerVerification
from envctl.usecases.inspect.outputs import OneOutput
from envctl.usecases.inspect.settings import ValidationResult
from envctl.usecases.project.init import InitResult
from tests.cli.render.samples.ahead import AHEAD
from tests.cli.render.samples.approvals import APPROVALS
from tests.cli.render.samples.basics import FAILURE, HANAKO, NEW, NOW, SECRET
from tests.cli.render.samples.configuration import FILES, OUTPUTS, RENDERED, SETTINGS, UNSETTLED_OUTPUTS
from tests.cli.render.samples.diffs import DIFFS
from tests.cli.render.samples.ends import ENDS
from tests.cli.render.samples.explanations import EXPLANATIONS
from tests.cli.render.samples.groundwork import BOOTSTRAPS, DOCTORS
from tests.cli.render.samples.ledger import GUARDED_HISTORY, HISTORY, entries
from tests.cli.render.samples.many import LARGE_DRIFT, LARGE_PLAN, MANY
from tests.cli.render.samples.outcomes import DEPLOYED, LOOKS, RECOVERIES, WAIVER, WAIVER_DEBT, WORDS
from tests.cli.render.samples.pinned_images import PINNED_IMAGES
from tests.cli.render.samples.pinned_programs import PINNED_PROGRAMS
from tests.cli.render.samples.plans import (
    DOCUMENTS_PLAN,
    FIRST_PLAN,
    FORECAST_PLAN,
    LATER_PLAN,
    LEAVING_PLAN,
    RUNNING_PLAN,
)
from tests.cli.render.samples.provider_locks import PROVIDER_LOCKS
from tests.cli.render.samples.refusals import (
    REFUSED,
    REFUSED_AND_WORSE,
    REFUSED_FOR_NOW,
    REFUSED_SETTINGS,
    REFUSED_UNTIL,
    REFUSED_UNTIL_SOMEBODY,
    WHY,
    WHY_NOT,
    WHY_NOT_AT_ALL,
    WHY_SOON,
    WHY_UNPROVEN,
)
from tests.cli.render.samples.releases import RELEASES
from tests.cli.render.samples.rules import RULES
from tests.cli.render.samples.scripts import IN_MANY_SCRIPTS, WRONG_IN_MANY_SCRIPTS
from tests.cli.render.samples.secrets import MISSING, REFUSED_SECRETS, SECRETS
from tests.cli.render.samples.signatures import DISBELIEVED, NOT_BELIEVED, SIGNED
from tests.cli.render.samples.statuses import (
    BESIDE_STATUS,
    CALM_STATUS,
    DESTROYED_STATUS,
    EMPTY_STATUS,
    FAILED_STATUS,
    LEAVING_STATUS,
    LOCKED_STATUS,
    SHARED_STATUS,
    STATUS,
    STEP_STATUSES,
    STUCK_STATUS,
    TROUBLED_STATUS,
)
from tests.cli.render.samples.workflows import WORKFLOWS

__all__ = [
    "CALM_STATUS",
    "ERRORS",
    "FIRST_PLAN",
    "HANAKO",
    "HISTORY",
    "LARGE_PLAN",
    "LATER_PLAN",
    "NEW",
    "NOW",
    "RESULTS",
    "RUNNING_PLAN",
    "SECRET",
    "SETTINGS",
    "STATUS",
    "entries",
]

BEGUN = InitResult(
    mode="done",
    name="blog",
    folder="my projects/blog",
    template="ecs",
    files=(
        ".gitignore",
        "README.md",
        "app/Dockerfile",
        "envctl.toml",
        "environments/dev/terraform.tfvars",
        "modules/ecs_service/main.tf",
        "modules/vpc/main.tf",
    ),
    placeholders=("staging", "prod"),
    next=(
        "cd 'my projects/blog'",
        "envctl validate",
        "envctl --sandbox apply dev",
        "envctl --sandbox promote dev staging",
    ),
)
RESULTS: dict[str, object] = {
    "a large plan": LARGE_PLAN,
    "drift of a large plan": LARGE_DRIFT,
    "a first plan": FIRST_PLAN,
    "a plan with forecasts": FORECAST_PLAN,
    "a later plan": LATER_PLAN,
    "a plan that runs something": RUNNING_PLAN,
    "a plan with stacks that leave": LEAVING_PLAN,
    "a plan of documents": DOCUMENTS_PLAN,
    "a plan without one of its stacks": EnvironmentPlan(
        environment="dev", release=NEW, stacks=(StackPlan("network"),), unplanned=("web", "jobs")
    ),
    "a plan without changes": EnvironmentPlan(
        environment="dev", release=NEW, stacks=(StackPlan("network"), StackPlan("web"))
    ),
    "a status": STATUS,
    "a status after a failure": FAILED_STATUS,
    "a status of an empty project": EMPTY_STATUS,
    "a status with environments beside the pipeline": BESIDE_STATUS,
    "a status with stacks and an environment that left": LEAVING_STATUS,
    "a status with an unfinished deployment": STUCK_STATUS,
    "a status with nothing to do": CALM_STATUS,
    "a status with nothing to do but a lock": LOCKED_STATUS,
    "a status with requests that are still shared": SHARED_STATUS,
    **STEP_STATUSES,
    "a status with trouble": TROUBLED_STATUS,
    "a status after a destruction": DESTROYED_STATUS,
    "a why that refuses": WHY,
    "a why that opens by itself": WHY_SOON,
    "a why with a waiver": replace(WHY_SOON, waiver=WAIVER, debts=(WAIVER_DEBT,), next="envctl promote staging prod"),
    "a why without a release": WHY_UNPROVEN,
    "a why that lets pass so far": WHY_NOT,
    "a why that lets pass": WHY_NOT_AT_ALL,
    "a history": HISTORY,
    "a history of guards": GUARDED_HISTORY,
    "a history without entries": History(environment="prod", entries=(), more=False),
    "a history of a time without entries": History(
        environment="prod", entries=(), more=False, since=NOW - timedelta(days=7), until=NOW
    ),
    "settings": SETTINGS,
    "outputs": OUTPUTS,
    "outputs after a failure": UNSETTLED_OUTPUTS,
    "one output": OneOutput("dev", NEW, "network", "private_subnet_ids", ["subnet-0a1", "subnet-0b2"], sensitive=False),
    **DEPLOYED,
    **WORDS,
    **APPROVALS,
    **LOOKS,
    **RECOVERIES,
    **DIFFS,
    **AHEAD,
    **MANY,
    **RELEASES,
    **RULES,
    **SECRETS,
    **PINNED_IMAGES,
    **PINNED_PROGRAMS,
    **PROVIDER_LOCKS,
    **WORKFLOWS,
    **EXPLANATIONS,
    **IN_MANY_SCRIPTS,
    **NOT_BELIEVED,
    **BOOTSTRAPS,
    **DOCTORS,
    "a verified ledger": LedgerVerification(entries=41, head="ab" * 32),
    "a verified ledger with signatures": LedgerVerification(
        entries=41, head="ab" * 32, signed=("dev", "staging", "prod")
    ),
    **SIGNED,
    "an empty ledger": LedgerVerification(entries=0, head=GENESIS),
    "a valid project": ValidationResult(("dev", "staging", "prod"), ("network", "web"), 34),
    **FILES,
    "rendered root modules": RENDERED,
    "a new project": BEGUN,
    "a new project with nothing to fill in": replace(BEGUN, placeholders=()),
    "a new project that would be made": replace(BEGUN, mode="planned"),
    "a report": ReportFile("out/report.html", 99_654, 3, 12, 24),
    "a running sandbox": SandboxState(
        "running", "http://127.0.0.1:40123", "2026-11-25T01:40:00Z", "envctl --sandbox apply dev"
    ),
    "a dead sandbox": SandboxState("died", next="envctl sandbox down"),
}
ERRORS = {
    "wrong settings": ConfigurationError(
        Problem(
            "E204", "azs: expected list(string), found string", "", Location("environments/dev/terraform.tfvars", 3)
        ),
        Problem(
            "E203",
            "no module declares 'instance_tipe'",
            "did you mean instance_type?",
            Location("environments/dev/terraform.tfvars", 7),
        ),
        Problem("E205", "vpc_cidr has no value in dev", "set it in environments/dev/terraform.tfvars"),
    ),
    "wrong settings in many scripts": WRONG_IN_MANY_SCRIPTS,
    "entries that are not believed": DISBELIEVED,
    "a failed apply": OperationFailedError(
        Problem(
            "E305",
            f"{FAILURE} (aws_instance.this)\nThe following error came from the API:\n"
            "  api error: retry later, or choose another zone for the instance, please",
            "applied changes are kept; correct the cause, and the same command continues",
            Location("modules/ec2_instance/main.tf", 12),
        )
    ),
    "a stop": InterruptedByUserError(Problem("E312", "interrupted", "envctl status shows where things stand")),
    "a refusal": REFUSED,
    "a refusal for now": REFUSED_FOR_NOW,
    "a refusal that opens by itself": REFUSED_UNTIL,
    "a refusal that somebody can open too": REFUSED_UNTIL_SOMEBODY,
    "a refusal because of settings": REFUSED_SETTINGS,
    "a refusal and something worse": REFUSED_AND_WORSE,
    "missing secrets": MISSING,
    "a refusal because of secrets": REFUSED_SECRETS,
    **ENDS,
}
