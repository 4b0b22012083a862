"""What the claims of a job's token show, and which form its subject has."""

from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.ci.inspection.job import CheckedJob, read_job
from envctl.domain.ci.inspection.job_token import TokenClaims, check_token, describe_subject_form
from envctl.domain.findings import Finding

NEW, OLD = "repo:acme@1/shop@2:environment:prod", "repo:acme/shop:environment:prod"
GITHUB_CLAIMS: dict[str, Any] = {
    "sub": NEW,
    "aud": "sts.amazonaws.com",
    "iss": "https://token.actions.githubusercontent.com",
    "environment": "prod",
    "ref": "refs/heads/main",
    "repository": "acme/shop",
    "repository_id": "2",
}
GITLAB_CLAIMS: dict[str, Any] = {
    "sub": "project_path:acme/shop:ref_type:branch:ref:main",
    "aud": ["sts.amazonaws.com"],
    "iss": "https://gitlab.com",
    "ref": "main",
    "ref_protected": "true",
    "project_id": "4711",
}
DEPLOY, GITLAB = (
    CheckedJob(system="github", event="push", environment="prod"),
    CheckedJob(system="gitlab", event="push", environment="prod"),
)


def check(job: CheckedJob, claims: dict[str, Any]) -> dict[str, Finding]:
    trusted = "https://gitlab.com" if job.system == "gitlab" else ""
    return {each.name: each for each in check_token(job, TokenClaims(claims), trusted)}


def test_claims_of_policies_are_shown() -> None:
    found = check(DEPLOY, GITHUB_CLAIMS)
    assert {name: each.verdict for name, each in found.items()} == dict.fromkeys(
        ("sub", "aud", "iss", "environment", "ref", "job_workflow_ref", "repository_id"), "good"
    )
    assert found["sub"].seen.startswith(f"{NEW} (with ids")
    assert found["repository_id"].seen == "2"
    assert {each.verdict for each in check(GITLAB, GITLAB_CLAIMS).values()} == {"good"}


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        (NEW, "with ids"),
        ("repo:acme@1/shop@2:pull_request", "with ids"),
        (OLD, "with names alone"),
        ("repo:acme/shop:ref:refs/heads/a@1/b@2", "with names alone"),
        ("repo:acme@1/shop:pull_request", "a form of its own"),
        ("repository_id:2:environment:prod", "a form of its own"),
        ("repo:acme/shop", "a form of its own"),
        ("", "a form of its own"),
        ("project_path:acme/sub/shop:ref_type:branch:ref:main", "the form of GitLab"),
    ],
)
def test_form_of_subject_is_named(subject: str, said: str) -> None:
    assert describe_subject_form(subject).startswith(said)


@pytest.mark.parametrize(
    ("change", "name", "verdict", "said"),
    [
        ({"aud": "https://github.com/acme"}, "aud", "bad", "AWS takes only a token for sts.amazonaws.com"),
        ({"aud": None}, "aud", "bad", "none: AWS takes only"),
        ({"aud": ["x", "sts.amazonaws.com"]}, "aud", "good", "x, sts.amazonaws.com"),
        ({"sub": ""}, "sub", "bad", "no trust policy can name this job"),
        ({"sub": "repo:acme/shop:job:x"}, "sub", "warn", "does not name the environment"),
        ({"sub": "repo:acme/shop:environment:production"}, "sub", "warn", "does not name the environment"),
        ({"environment": "a:b", "sub": "repo:acme/shop:environment:a%3Ab"}, "sub", "good", "a%3Ab"),
        ({"iss": None}, "iss", "bad", "AWS finds no provider"),
        ({"iss": "https://token.actions.githubusercontent.com/acme"}, "iss", "good", "/acme"),
        ({"iss": "https://token.actions.githubusercontent.com.evil"}, "iss", "warn", "no person of this job"),
        ({"iss": "https://token.acme.ghe.com"}, "iss", "warn", "envctl.toml trusts https://token.actions"),
        ({"environment": None, "sub": OLD}, "environment", "good", "none"),
        ({"sub": "repo:a/b\x1b[31m"}, "sub", "warn", "repo:a/b?[31m"),
    ],
)
def test_wrong_claims_are_found(change: dict[str, Any], name: str, verdict: str, said: str) -> None:
    found = check(DEPLOY, GITHUB_CLAIMS | change)[name]
    assert (found.verdict, said in found.seen) == (verdict, True)


def test_names_alone_without_repository_id_warn() -> None:
    claims = {**GITHUB_CLAIMS, "sub": OLD}
    claims.pop("repository_id")
    found = list(check_token(DEPLOY, TokenClaims(claims)))
    assert found[-1].verdict == "warn"
    assert "a later repository of that name" in found[-1].seen


def test_unprotected_branch_of_gitlab_warns() -> None:
    claims = GITLAB_CLAIMS | {"ref_protected": "false"}
    assert check(GITLAB, claims)["ref_protected"].verdict == "warn"
    # The branch of a merge request need not be protected.
    assert check(replace(GITLAB, is_request=True), claims)["ref_protected"].verdict == "good"


def test_missing_token_is_not_checked() -> None:
    (found,) = check_token(DEPLOY, TokenClaims(problem="the job has no token"))
    assert (found.verdict, found.seen) == ("unseen", "not checked: the job has no token")


@pytest.mark.parametrize(
    ("variables", "kind", "environment"),
    [
        ({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}, "plan", ""),
        ({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target"}, "plan", ""),
        ({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "merge_group"}, "plan", ""),
        ({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "schedule"}, "branch", ""),
        ({"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "schedule"}, "branch", ""),
        ({"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push", "CI_ENVIRONMENT_NAME": "prod"}, "deploy", "prod"),
        (
            {"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "merge_request_event", "CI_ENVIRONMENT_NAME": "prod"},
            "plan",
            "prod",
        ),
    ],
)
def test_job_is_known_by_its_variables(variables: dict[str, str], kind: str, environment: str) -> None:
    job = read_job(variables, {})
    assert job is not None
    assert (job.kind, job.environment, job.is_fork) == (kind, environment, False)


def test_outside_of_ci_there_is_no_job() -> None:
    assert read_job({"GITHUB_REPOSITORY": "acme/shop", "GITHUB_ACTIONS": "false"}, {}) is None


def test_code_of_a_fork_is_known() -> None:
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request"}
    sides = {name: {"repo": {"full_name": full}} for name, full in (("head", "mallory/shop"), ("base", "acme/shop"))}
    job = read_job(variables, {"pull_request": sides})
    assert job is not None
    assert (job.is_fork, job.kind) == (True, "plan")


def test_issuer_of_the_project_is_trusted_alone() -> None:
    own = "https://token.acme.ghe.com"
    for issuer, verdict in ((own, "good"), (GITHUB_CLAIMS["iss"], "warn")):
        found = list(check_token(DEPLOY, TokenClaims(GITHUB_CLAIMS | {"iss": issuer}), own))
        assert [each.verdict for each in found if each.name == "iss"] == [verdict]
