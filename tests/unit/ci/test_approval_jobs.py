"""With a key for people, a job of its own records what they decide: the job that deploys has no part in it."""

from typing import Any

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.config.signing_keys import find_job_environment, find_review_environment
from envctl.domain.errors import ConfigurationError
from tests.unit.ci.test_github_workflow import AS_PROD, ENVCTL, ON_MAIN, made, main_step, workflow
from tests.unit.config.test_people_key import people_key, write

SITE: dict[str, Any] = {"reviewed": ("prod",), "people": ("prod",)}
ROLE = "arn:aws:iam::444444444444:role/envctl-ci-prod-approval"
AFTER = {"name": "Page", "run": "page", "env": {"KEY": "${{ secrets.KEY }}"}, "when": ["done", "failed"]}


def list_codes(text: str) -> list[str]:
    try:
        load_project(text.encode())
    except ConfigurationError as error:
        return [each.code for each in error.problems]
    return []


def list_runs(job: dict[str, Any]) -> list[str]:
    return [step["run"] for step in job["steps"] if 'envctl/bin/python" -I -m envctl' in step.get("run", "")]


def test_approvals_are_recorded_before_the_deployment() -> None:
    found = workflow("deploy", **SITE)["jobs"]
    assert tuple(found) == ("deploy-dev", "deploy-staging", "plan-prod", "approve-prod", "deploy-prod")
    approve, deploy = found["approve-prod"], found["deploy-prod"]
    record = (
        f'{ENVCTL} approve prod --reviewers --release "$RELEASE" --plan "$PLAN" --attempt "$ATTEMPT" --after "$REVIEWS"'
    )
    assert (approve["environment"], list_runs(approve)) == ("prod-approval", [record])
    assert list_runs(deploy) == [f'{AS_PROD} promote staging prod --release "$RELEASE" --yes --wait-ok']
    assert approve["needs"] == ["deploy-dev", "deploy-staging", "plan-prod"]
    assert deploy["needs"] == [*approve["needs"], "approve-prod"]
    assert approve["if"] == deploy["if"] == f"{ON_MAIN} && needs.plan-prod.outputs.changes != 'false'"
    assert (approve["permissions"]["actions"], "actions" in deploy["permissions"]) == ("read", False)


def test_unanswered_review_holds_the_approval_alone() -> None:
    found = workflow("deploy", **SITE)["jobs"]
    assert found["approve-prod"]["concurrency"]["group"] == "envctl-approve-prod-${{ github.run_id }}"
    assert found["deploy-prod"]["concurrency"]["group"] == "envctl-deploy-prod"


def test_operation_is_approved_and_unlocked_by_people() -> None:
    found = workflow("operate", **SITE)["jobs"]
    assert tuple(found)[2:] == ("plan-prod", "approve-prod", "unlock-prod", "operate-prod")
    approve, unlock, operate = (found[f"{name}-prod"] for name in ("approve", "unlock", "operate"))
    assert {approve["environment"], unlock["environment"]} == {"prod-approval"}
    assert "inputs.what == 'unlock'" in unlock["if"]
    assert " unlock prod --yes " in main_step(unlock)["run"]
    assert "unlock" not in main_step(operate)["run"]
    assert operate["if"].endswith(
        " && (!startsWith(inputs.what, 'promote') || needs.approve-prod.result == 'success') && inputs.what != 'unlock'"
    )
    assert operate["needs"] == ["plan-prod", "approve-prod"]
    assert " unlock staging --yes " in main_step(found["operate-staging"])["run"]


def test_environment_without_reviewers_is_unlocked_by_people() -> None:
    found = workflow("operate", people=("dev",))["jobs"]
    assert found["unlock-dev"]["environment"] == "dev-approval"
    assert found["operate-dev"]["if"] == f"{ON_MAIN} && inputs.environment == 'dev' && inputs.what != 'unlock'"
    assert tuple(workflow("deploy", people=("dev",))["jobs"]) == ("deploy-dev", "deploy-staging", "deploy-prod")


def test_approval_job_has_no_secret_of_the_environment() -> None:
    site = {**SITE, "secret_variables": {"prod": ("TOKEN",)}, "github": {"roles": {"prod-approval": ROLE}}}
    found = workflow("deploy", **site)["jobs"]
    (step,) = (step for step in found["approve-prod"]["steps"] if " approve " in step.get("run", ""))
    assert (step["env"]["AWS_ROLE_ARN"], "TOKEN" in step["env"]) == (ROLE, False)
    assert "TOKEN" in main_step(found["deploy-prod"])["env"]


def test_failed_approval_is_told() -> None:
    """The deployment, which would tell of a failure otherwise, is skipped."""
    found = workflow("deploy", github={"after": [AFTER]}, **SITE)["jobs"]
    (told,) = (step for step in found["approve-prod"]["steps"] if step["name"] == "Page")
    assert "failure()" in told["if"] and "'done'" not in told["if"]


def test_missing_role_names_the_environment_of_approvals() -> None:
    text = made(**SITE)[".github/workflows/envctl-deploy.yml"]
    assert "ENVCTL_ROLE is not set in the environment prod-approval" in text
    assert "(dev, staging, prod, prod-approval): ENVCTL_ROLE" in text


NAMES = {
    "by default": ("", "prod-approval"),
    "of a renamed environment": ('environments = { prod = "production" }', "production-approval"),
    "of its own": ('environments = { prod-approval = "four-eyes" }', "four-eyes"),
}


@pytest.mark.parametrize(("table", "named"), NAMES.values(), ids=NAMES)
def test_environment_of_approvals_has_name(table: str, named: str) -> None:
    project = load_project(f"{write(people_key('444444444444'))}\n[ci.github]\n{table}\n".encode())
    assert find_review_environment(project, "prod") == named
    assert find_job_environment(project, named.upper()) == "prod"
    assert find_job_environment(project, "dev-approval") == "dev-approval", "dev has no key for people"
    github: dict[str, Any] = {"github": {"environments": dict(project.ci.github.environments)}}
    assert workflow("deploy", **SITE, **github)["jobs"]["approve-prod"]["environment"] == named


FAULTS = {
    "a role of approvals": (people_key("444444444444"), f'roles = {{ prod-approval = "{ROLE}" }}', []),
    "a role without a key for people": ("", f'roles = {{ prod-approval = "{ROLE}" }}', ["E104"]),
    "two with one name": (people_key("444444444444"), 'environments = { dev = "Prod-Approval" }', ["E042"]),
}


@pytest.mark.parametrize(("prod", "table", "codes"), FAULTS.values(), ids=FAULTS)
def test_names_of_approval_jobs_are_checked(prod: str, table: str, codes: list[str]) -> None:
    text = f"{write(prod)}\n[ci.github]\n{table}\n"
    assert list_codes(text) == codes


def test_environment_named_like_an_approval_job_is_refused() -> None:
    more = '[environments.prod-approval]\naccount_id = "555555555555"\nregion = "eu-west-1"\n'
    text = write(people_key("444444444444")).replace('"dev", "prod"', '"dev", "prod", "prod-approval"')
    assert list_codes(f"{text}\n{more}") == ["E063"]
    assert list_codes(f"{text}\n{more}".replace("approval_signing_key", "# ")) == []
