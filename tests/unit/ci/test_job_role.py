"""Where a job gets its role from, and what is said where it gets none."""

from collections.abc import Mapping

import pytest

from envctl.domain.ci.job import NO_JOB, Job
from envctl.domain.ci.job_role import (
    check_job_role,
    describe_run,
    drop_empty_variables,
    select_token_source,
)
from envctl.domain.exit_codes import ExitCode

ROLE = "arn:aws:iam::444444444444:role/ci/envctl-ci"
REQUEST = {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "bearer"}
KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "x"}
GITHUB, GITLAB = Job("github"), Job("gitlab")
HOSTED = {"RUNNER_ENVIRONMENT": "github-hosted"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, ""),
        (REQUEST, ""),
        ({"AWS_ROLE_ARN": ROLE}, ""),
        ({"AWS_ROLE_ARN": ROLE, **REQUEST}, "github"),
        ({"AWS_ROLE_ARN": " ", **REQUEST}, ""),
        ({"AWS_ROLE_ARN": ROLE, **REQUEST, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""}, ""),
        ({"AWS_ROLE_ARN": ROLE, **REQUEST, **KEYS}, ""),
        ({"AWS_ROLE_ARN": ROLE, **REQUEST, "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, ""),
        ({"AWS_ROLE_ARN": ROLE, **REQUEST, "AWS_WEB_IDENTITY_TOKEN_FILE": ""}, "github"),
        ({"AWS_ROLE_ARN": ROLE, "ENVCTL_AWS_TOKEN": "token"}, "gitlab"),
    ],
)
def test_token_comes_from_the_forge_without_a_file(variables: Mapping[str, str], expected: str) -> None:
    assert select_token_source(variables) == expected


@pytest.mark.parametrize(
    ("variables", "job"),
    [
        ({}, NO_JOB),
        ({}, GITHUB),
        ({"AWS_ROLE_ARN": ""}, GITHUB),
        ({"AWS_ROLE_ARN": ROLE}, NO_JOB),
        ({"AWS_ROLE_ARN": ROLE, **REQUEST}, GITHUB),
        ({"AWS_ROLE_ARN": "", **REQUEST, **KEYS}, GITHUB),
        ({"AWS_ROLE_ARN": ROLE, **HOSTED, "AWS_PROFILE": "ci"}, GITHUB),
        ({"AWS_ROLE_ARN": "arn:aws-cn:iam::444444444444:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, NO_JOB),
    ],
)
def test_job_with_credentials_is_not_stopped(variables: Mapping[str, str], job: Job) -> None:
    assert check_job_role(variables, job) is None


CASES = [
    (
        {"ENVCTL_ROLE_VARIABLE": "ENVCTL_ROLE in dev"},
        GITHUB,
        "ENVCTL_ROLE is not set for environment dev: this job has no role in AWS",
        "set ENVCTL_ROLE to the ARN of the role, in Settings, Environments, dev, Environment variables",
    ),
    (
        {"ENVCTL_ROLE_VARIABLE": "ENVCTL_PLAN_ROLE"},
        GITHUB,
        "ENVCTL_PLAN_ROLE is not set: this job has no role in AWS",
        "set ENVCTL_PLAN_ROLE to the ARN of the role, in Settings, Secrets and variables, Actions, Variables",
    ),
    (
        {"ENVCTL_ROLE_VARIABLE": "ENVCTL_ROLE in prod"},
        GITLAB,
        "ENVCTL_ROLE is not set for environment prod: this job has no role in AWS",
        "set ENVCTL_ROLE to the ARN of the role, in Settings, CI/CD, Variables, for the environment prod",
    ),
    (
        {"ENVCTL_ROLE_VARIABLE": "X in prod"},
        NO_JOB,
        "X is not set for environment prod: this job has no role in AWS",
        "set X to the ARN of the role, in the variables of the job",
    ),
    (
        {"ENVCTL_ROLE_VARIABLE": "rm -rf\n/"},
        GITHUB,
        "AWS_ROLE_ARN is not set: this job has no role in AWS",
        "set AWS_ROLE_ARN to the ARN of the role of this job, or unset it",
    ),
]


@pytest.mark.parametrize(("more", "job", "message", "hint"), CASES)
@pytest.mark.parametrize("empty", ["", " \n"])
def test_missing_role_names_its_variable(
    more: Mapping[str, str], job: Job, message: str, hint: str, empty: str
) -> None:
    for source in (REQUEST, {"AWS_WEB_IDENTITY_TOKEN_FILE": "/token"}, {"ENVCTL_AWS_TOKEN": "x"}):
        error = check_job_role({"AWS_ROLE_ARN": empty, **source, **more}, job)
        assert error is not None
        (only,) = error.problems
        assert (only.code, only.message, only.hint, error.exit_code) == ("E497", message, hint, 78)


@pytest.mark.parametrize("role", ["envctl-ci", "arn:aws:iam::4:role/x", "arn:aws:iam::444444444444:user/x", "$ROLE"])
def test_role_must_be_an_arn(role: str) -> None:
    error = check_job_role({"AWS_ROLE_ARN": role, **REQUEST}, GITHUB)
    assert error is not None
    assert error.problems[0].message == f"AWS_ROLE_ARN is not the ARN of a role: {role}"
    assert error.exit_code == ExitCode.CONFIGURATION


def test_missing_permission_for_tokens_is_named() -> None:
    error = check_job_role({"AWS_ROLE_ARN": ROLE, **HOSTED}, GITHUB)
    assert error is not None
    assert (error.problems[0].code, error.exit_code) == ("E497", 78)
    assert error.problems[0].hint == "give the job the permission: permissions: id-token: write"


@pytest.mark.parametrize("variables", [{}, KEYS, {"AWS_ROLE_ARN": ROLE, **REQUEST}, {"AWS_ROLE_ARN": "", **REQUEST}])
@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_fork_gets_no_role(variables: Mapping[str, str], host: str) -> None:
    error = check_job_role(variables, Job(host, True, True))  # type: ignore[arg-type]
    assert error is not None
    assert "a fork gets no role and no plan" in error.problems[0].message
    assert (error.problems[0].code, error.exit_code) == ("E499", ExitCode.REFUSED)


def test_empty_variables_of_aws_are_unset() -> None:
    assert drop_empty_variables({"AWS_PROFILE": "", "AWS_REGION": "eu", "OTHER": ""}) == {
        "AWS_REGION": "eu",
        "OTHER": "",
    }


RUNS: dict[str, tuple[dict[str, str], str]] = {
    "GitHub": ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "42", "GITHUB_RUN_ATTEMPT": "3"}, "42.3"),
    "a GitHub without attempts": ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "42"}, "42.1"),
    "GitLab": ({"GITLAB_CI": "true", "CI_PIPELINE_ID": "7", "CI_JOB_ID": "99"}, "7.99"),
    "a laptop with left variables": ({"GITHUB_RUN_ID": "42", "CI_PIPELINE_ID": "7"}, ""),
    "no number": ({"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "$(x)"}, ""),
}


@pytest.mark.parametrize(("variables", "expected"), RUNS.values(), ids=RUNS)
def test_run_is_named_with_its_attempt(variables: dict[str, str], expected: str) -> None:
    assert describe_run(variables) == expected
