"""How a CI job gets its role in AWS, decided from its variables alone."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from envctl.domain.errors import EnvctlError, MisconfiguredMachineError, OperationFailedError, Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.text.excerpt import excerpt

if TYPE_CHECKING:
    from envctl.domain.ci.job import Job

ROLE_VARIABLE, TOKEN_FILE_VARIABLE = "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"
GITLAB_TOKEN_VARIABLE = "ENVCTL_AWS_TOKEN"  # noqa: S105 (its name)
"""The ID token of a GitLab job, as the generated pipeline names it."""
SOURCE_VARIABLE = "ENVCTL_ROLE_VARIABLE"
"""Set by a workflow: the variable that it takes the role from, such as `ENVCTL_ROLE in prod`, for the message."""
_SOURCE = r"(?a)([A-Z][A-Z0-9_]*)(?: in ([A-Za-z0-9][A-Za-z0-9._/-]*))?"
_ROLE = r"(?a)arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,576}"
_OTHER_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)

TokenSource = Literal["", "github", "gitlab"]


def select_token_source(variables: Mapping[str, str]) -> TokenSource:
    """Return who gives envctl the ID token of the job; empty if it needs none, or has a file with one."""
    is_complete = any(variables.get(name) for name in ("AWS_ACCESS_KEY_ID", TOKEN_FILE_VARIABLE))
    if is_complete or not variables.get(ROLE_VARIABLE, "").strip():
        return ""
    return _find_token_source(variables)


def check_job_role(variables: Mapping[str, str], job: "Job") -> EnvctlError | None:
    """Return why this job gets no role in AWS; None if it may get one, or has other credentials."""
    if job.is_fork:
        message = "this job is for a pull or merge request from a fork: a fork gets no role and no plan"
        hint = "push the branch to the repository itself, after a review; forks can run: envctl validate"
        refused = OperationFailedError(Problem("E499", message, hint))
        refused.exit_code = ExitCode.REFUSED
        return refused
    if variables.get("AWS_ACCESS_KEY_ID"):
        return None
    role = variables.get(ROLE_VARIABLE)
    has_token = bool(variables.get(TOKEN_FILE_VARIABLE) or _find_token_source(variables))
    if role is None or (not has_token and not role):
        return None
    if not role.strip():
        return MisconfiguredMachineError(_describe_missing_role(variables, job))
    if has_token and not re.fullmatch(_ROLE, role):
        message = f"{_name_source(variables)} is not the ARN of a role: {excerpt(role)}"
        return MisconfiguredMachineError(Problem("E497", message, _suggest_place(variables, job)))
    is_hosted = variables.get("RUNNER_ENVIRONMENT") == "github-hosted"
    if not has_token and is_hosted and not any(variables.get(name) for name in _OTHER_CREDENTIALS):
        message = f"{ROLE_VARIABLE} is set, but GitHub gives this job no ID token to take the role with"
        return MisconfiguredMachineError(
            Problem("E497", message, "give the job the permission: permissions: id-token: write")
        )
    return None


def drop_empty_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without empty ones of AWS: forges pass a missing value on as an empty text."""
    return {name: value for name, value in variables.items() if value or not name.startswith("AWS_")}


def describe_run(variables: Mapping[str, str]) -> str:
    """Return what tells this run and its attempt from all others of its forge, as `RUN.ATTEMPT`; empty elsewhere."""
    if variables.get("GITHUB_ACTIONS") == "true":
        run, attempt = variables.get("GITHUB_RUN_ID", ""), variables.get("GITHUB_RUN_ATTEMPT", "1")
    elif variables.get("GITLAB_CI") == "true":
        # A job that is tried again has another number in the same pipeline.
        run, attempt = variables.get("CI_PIPELINE_ID", ""), variables.get("CI_JOB_ID", "")
    else:
        return ""
    return f"{run}.{attempt}" if re.fullmatch(r"(?a)\d+\.\d+", f"{run}.{attempt}") else ""


def _find_token_source(variables: Mapping[str, str]) -> TokenSource:
    if variables.get("ACTIONS_ID_TOKEN_REQUEST_URL") and variables.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        return "github"
    return "gitlab" if variables.get(GITLAB_TOKEN_VARIABLE) else ""


def _describe_missing_role(variables: Mapping[str, str], job: "Job") -> Problem:
    found = re.fullmatch(_SOURCE, variables.get(SOURCE_VARIABLE, ""))
    where = f" for environment {found[2]}" if found and found[2] else ""
    message = f"{_name_source(variables)} is not set{where}: this job has no role in AWS"
    return Problem("E497", message, _suggest_place(variables, job))


def _name_source(variables: Mapping[str, str]) -> str:
    found = re.fullmatch(_SOURCE, variables.get(SOURCE_VARIABLE, ""))
    return found[1] if found else ROLE_VARIABLE


def _suggest_place(variables: Mapping[str, str], job: "Job") -> str:
    found = re.fullmatch(_SOURCE, variables.get(SOURCE_VARIABLE, ""))
    if found is None:
        return f"set {ROLE_VARIABLE} to the ARN of the role of this job, or unset it"
    match job.host:
        case "github" if found[2]:
            place = f"Settings, Environments, {found[2]}, Environment variables"
        case "github":
            place = "Settings, Secrets and variables, Actions, Variables"
        case "gitlab":
            place = "Settings, CI/CD, Variables" + (f", for the environment {found[2]}" if found[2] else "")
        case _:
            place = "the variables of the job"
    return f"set {found[1]} to the ARN of the role, in {place}"
