"""The table `[ci.github]`: what `envctl ci github` writes into the workflows of GitHub Actions."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from envctl.domain.config.ci.shared_keys import (
    APPROVAL,
    Branch,
    Prefix,
    find_name_faults,
    limit_timeout,
    list_approval_jobs,
)
from envctl.domain.config.fields import Fault, Flag, Name, Role, Section, find_table, list_texts, match_text, require

DEFAULT_PREFIX = "envctl"
# What jobs, AWS, Python or envctl itself read: a value of the file would decide who they are.
_RESERVED = re.compile(
    r"(CI|GITHUB|RUNNER|ACTIONS|ENVCTL)(_\w*)?|AWS_(ROLE|WEB_IDENTITY|ACCESS_KEY|SECRET|SESSION|CONTAINER)\w*"
    r"|AWS_(DEFAULT_)?(REGION|PROFILE)|BASH_ENV|ENV|PATH|LD_\w+|PYTHON\w*|PIP_\w+"
    r"|RELEASE|PLAN|ATTEMPT|REVIEWS|WHAT|REASON|CODE|PROBLEMS",
    re.ASCII,
)
_EXPRESSION = "${{"


Issuer = Annotated[
    str,
    match_text(
        r"https://[a-z0-9.-]+(:\d+)?(/[\w.-]+)*",
        'the issuer of the tokens of GitHub, such as "https://token.actions.githubusercontent.com/ENTERPRISE", without'
        " / at its end",
    ),
]
RunnerLabel = Annotated[str, match_text(r"[\w][\w .:+/-]{0,99}", 'the label of a runner, such as "self-hosted"')]
RunnerLabels = Annotated[
    tuple[RunnerLabel, ...],
    BeforeValidator(lambda value: [value] if isinstance(value, str) else value),
    Field(min_length=1),
]
Program = Annotated[str, match_text(r"[\w./+-]+", 'a program, such as "python3.13" or "/opt/python/bin/python3"')]
Cron = Annotated[
    str, match_text(r"[\d*,/-]+( [\d*,/A-Z-]+){4}", 'a time of five fields for cron, in UTC, such as "17 3 * * *"')
]
PathFilter = Annotated[
    str, match_text(r"!?[\w*.][\w.*?+@ -]*(/[\w.*?+@ -]+)*", 'a path filter of GitHub, such as "modules/**"')
]
GithubEnvironmentName = Annotated[
    str, match_text(r"[A-Za-z0-9][\w ./-]{0,254}", 'the name of an environment in GitHub, such as "billing-prod"')
]
VariableName = Annotated[
    str,
    match_text(r"[A-Za-z_]\w{0,254}", "the name of an environment variable: letters, digits and _"),
    require(
        lambda name: not _RESERVED.fullmatch(name),
        "must not be set here: GitHub, AWS, Python or envctl itself use this name",
    ),
]
Value = Annotated[str, require(str.isprintable, "must be one line of printable characters")]
Constant = Annotated[
    Value, require(lambda text: _EXPRESSION not in text, f"must be plain text, without {_EXPRESSION}: use `secrets`")
]
InputName = Annotated[str, match_text(r"[A-Za-z_][\w-]*", "the name of an input of the action")]
StepName = Annotated[Value, require(str.strip, "must not be empty")]
Script = Annotated[
    str,
    require(
        lambda text: bool(text.strip()) and text.replace("\n", "").isprintable(),
        "must be lines for the shell, of printable characters",
    ),
    require(
        lambda text: _EXPRESSION not in text,
        f"must not contain {_EXPRESSION}: GitHub would put foreign text into the shell. Use `env` of the step",
    ),
]
ActionReference = Annotated[
    str,
    match_text(
        r"[\w.-]+/[\w./-]+@[0-9a-f]{40}( # v[\w.]+)?|\./[\w./-]+|docker://[\w.:/-]+@sha256:[0-9a-f]{64}",
        'an action at a commit, such as "OWNER/ACTION@COMMIT # v1.2.3" with 40 digits, or in this repository: "./PATH"',
    ),
]
JobKind = Literal["plan", "deploy", "drift", "operate"]
StepResult = Literal["done", "changes", "drift", "refused", "failed"]
DRIFT_JOBS: frozenset[JobKind] = frozenset({"drift", "operate"})
"""The jobs that may find drift, or leave some."""
Timeout = Annotated[timedelta, limit_timeout(timedelta(minutes=5), timedelta(hours=24), '"90m" or "5h"', "5m to 24h")]


class GithubStep(Section):
    """A step of the team in the jobs of envctl."""

    name: StepName  # name of the step
    run: Script | None = None  # lines for bash
    uses: ActionReference | None = None  # an action, instead of `run`
    inputs: Mapping[InputName, Value] = Field(default={}, alias="with")  # inputs of the action
    env: Mapping[VariableName, Value] = {}  # environment variables of the step
    # jobs with this step; unset: all
    jobs: tuple[JobKind, ...] = ("plan", "deploy", "drift", "operate")


class GithubAfterStep(GithubStep):
    """A step of the team after envctl, by the result."""

    # results with this step; unset: `done` alone. `changes` is done with changes, and `failed` is every other end
    when: Annotated[tuple[StepResult, ...], Field(min_length=1)] = ("done",)


class GithubTimeouts(Section):
    """The time limits of jobs, from 5m to 24h."""

    plan: Timeout = timedelta(hours=1)  # plans
    deploy: Timeout = timedelta(minutes=350)  # deployments and operations
    drift: Timeout = timedelta(minutes=350)  # drift checks


class GithubCi(Section):
    """The workflows that `envctl ci github` writes."""

    # issuer of the tokens that name people and jobs, of an enterprise or a GitHub of your own; `[ci] github = "…"` is
    # the same; unset: https://token.actions.githubusercontent.com
    issuer: Issuer | None = None
    branch: Branch | None = None  # branch that deploys; unset: `--branch`, else `main`
    # first part of the names of files, workflows and concurrency groups; one for each project of a repository
    prefix: Prefix = DEFAULT_PREFIX
    runs_on: RunnerLabels = ("ubuntu-24.04",)  # label of the runners, or a list of labels
    python: Program = "python3"  # Python 3.11 or newer on the runners
    timeouts: GithubTimeouts = GithubTimeouts.model_construct()
    cron: Cron = "17 3 * * *"  # time of the drift check, in UTC
    # paths of the repository whose changes start a deployment; unset: those that envctl reads
    paths: tuple[PathFilter, ...] | None = None
    before: tuple[GithubStep, ...] = ()  # steps between the checkout and envctl
    after: tuple[GithubAfterStep, ...] = ()  # steps after envctl; unless they name results, if it succeeded
    env: Mapping[VariableName, Constant] = {}  # environment variables for envctl
    secrets: tuple[VariableName, ...] = ()  # secrets of GitHub that envctl gets as environment variables
    # roles of the jobs: `plan`, `drift`, each environment and `ENV-approval`; unset: variables of GitHub name them
    roles: Mapping[Name, Role] = {}
    environments: Mapping[Name, GithubEnvironmentName] = {}  # names of the environments in GitHub, if they differ
    # `queue: max` in concurrency groups; false for a GitHub that does not know it: it keeps only the newest waiting job
    queue: Flag = True
    # a promotion that is refused for now (exit code 4) ends its job as `passed`, with a notice, or as `failed`
    waiting: Literal["passed", "failed"] = "passed"

    def find_environment(self, named: str) -> str:
        """Return the environment of the project that an environment of GitHub stands for; empty if it stands for none:
        where prod is called *production*, GitHub's own *prod* may have no rules.
        """
        for environment, name in self.environments.items():
            if name.casefold() == named.casefold():
                return environment
        return "" if named in self.environments else named

    def find_github_name(self, environment: str) -> str:
        """Return the name of an environment of the project in GitHub."""
        return self.environments.get(environment, environment)

    def find_approval_name(self, environment: str) -> str:
        """Return the name in GitHub of the environment whose job records approvals. Its reviewers approve."""
        own = f"{self.find_github_name(environment)}{APPROVAL}"
        return self.environments.get(f"{environment}{APPROVAL}", own)

    def list_steps(self, steps: tuple[GithubStep, ...], job: JobKind) -> tuple[GithubStep, ...]:
        return tuple(each for each in steps if job in each.jobs)


def read_github_table(value: object) -> object:
    """Return the table of a plain text, which is the issuer."""
    return {"issuer": value} if isinstance(value, str) else value


def find_github_faults(document: Mapping[str, object]) -> Iterator[Fault]:
    """Yield faults between `[ci.github]` and other tables of the raw document, and within its steps."""
    table = find_table(document, "ci", "github")
    order = list_texts(find_table(document, "pipeline").get("order"))
    yield from find_name_faults(document, "github", "E042", "remove the role and set the variable {} in GitHub")
    yield from _find_twins(find_table(table, "environments"), order, list_approval_jobs(document))
    for key in ("before", "after"):
        steps = table.get(key)
        for position, step in enumerate(steps if isinstance(steps, list) else ()):
            yield from _find_step_faults(step, ("ci", "github", key, position))


def _find_twins(environments: Mapping[str, object], order: Sequence[str], approvals: Sequence[str]) -> Iterator[Fault]:
    """Yield environments with one name in GitHub: each would get the reviewers and the role of the other."""
    owners = {name.casefold(): name for name in order if name not in environments}
    for name in [name for name in approvals if name not in environments]:
        own = name.removesuffix(APPROVAL)
        owners[f"{environments.get(own, own)}{APPROVAL}".casefold()] = name
    for name, named in environments.items():
        # GitHub ignores the case.
        if (other := owners.setdefault(str(named).casefold(), name)) != name:
            message = f"ci.github.environments gives {other} and {name} the same name in GitHub: {named}"
            yield Fault("E042", message, "give each its own name", ("ci", "github", "environments", name))


def _find_step_faults(step: object, path: tuple[str | int, ...]) -> Iterator[Fault]:
    if not isinstance(step, Mapping):
        return
    dotted = ".".join(map(str, path))
    if ("run" in step) == ("uses" in step):
        message = f"{dotted} needs either `run` or `uses`"
        yield Fault("E042", message, "a step runs lines of a shell, or uses an action", path)
    elif "with" in step and "uses" not in step:
        message = f"{dotted} has `with`, but uses no action"
        yield Fault("E042", message, "write `env` for lines of a shell", (*path, "with"))
    jobs = list_texts(step.get("jobs"))
    if jobs and list_texts(step.get("when")) == ["drift"] and not DRIFT_JOBS & {*jobs}:
        message = f"{dotted} would never run: only the jobs drift and operate find drift"
        yield Fault("E042", message, 'write jobs = ["drift"], or another result', (*path, "when"))
