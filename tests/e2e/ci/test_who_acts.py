"""Jobs that nobody started, with the variables that GitHub and GitLab give them: real Terraform."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.conftest import Project
from tests.e2e.organisation import MODULE, PROJECT, Organisation

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]
JOB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_WORKFLOW": "envctl operate",
    "GITHUB_RUN_ID": "7",
    "GITHUB_RUN_ATTEMPT": "1",
}
BOT = "github-actions[bot]"
BY_BOT = {**JOB, "GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_ACTOR": BOT, "GITHUB_TRIGGERING_ACTOR": BOT}
# GitHub names who wrote the cron line.
ON_SCHEDULE = {**JOB, "GITHUB_EVENT_NAME": "schedule", "GITHUB_ACTOR": "ann", "GITHUB_TRIGGERING_ACTOR": "ann"}
SCHEDULE = "schedule of acme/shop, envctl operate, run 7"
IN_GITLAB = {
    "GITLAB_CI": "true",
    "CI_PIPELINE_SOURCE": "schedule",
    "CI_PROJECT_PATH": "acme/shop",
    "CI_PIPELINE_ID": "42",
    "GITLAB_USER_LOGIN": "ann",
}


def refuse(project: Project, job: Mapping[str, str], *words: str) -> tuple[str, str]:
    """The message and the hint of the only problem, a G207."""
    refused = replace(project, extra={**project.extra, **job}).run(*words, "--yes", "--json")
    assert (refused.code, refused.codes) == (3, ["G207"]), refused.out
    (problem,) = refused.document["problems"]
    return problem["message"], problem["hint"]


def test_job_that_nobody_started_promotes_only_if_named(small_in_dev: Project) -> None:
    promotion = ("promote", "dev", "staging")
    again = (
        "as a person: envctl promote dev staging; or, if it may act alone, write into [environments.staging.allow]: "
    )
    message, hint = refuse(small_in_dev, BY_BOT, *promotion)
    assert message.startswith(f"allowed: {BOT} may not change staging without a person")
    assert hint == f'{again}machines = ["github:{BOT}"]'
    for job, name in ((ON_SCHEDULE, SCHEDULE), (IN_GITLAB, "schedule of acme/shop, pipeline 42")):
        message, hint = refuse(small_in_dev, job, *promotion)
        assert message.startswith(f"allowed: {name} may not change staging without a person")
        assert hint == f'{again}machines = ["schedule"]'
    night = replace(small_in_dev, extra={**small_in_dev.extra, **ON_SCHEDULE})
    # Drift needs no rule.
    night.run_checked("drift", "dev")
    text = (small_in_dev.root / "envctl.toml").read_text()
    small_in_dev.write("envctl.toml", f'{text}\n[environments.staging.allow]\nmachines = ["schedule"]\n')
    night.run_checked(*promotion, "--yes")
    entries = small_in_dev.run_checked("history", "--json").document["result"]["entries"]
    kinds = {each["event"]["kind"]: each["actor"]["name"] for each in reversed(entries)}
    assert kinds["deployment started"] == kinds["drift checked"] == SCHEDULE


def test_author_of_a_push_does_not_approve_its_promotion(small_in_staging: Project, tmp_path: Path) -> None:
    approve = ("approve", "prod", "--gate", "peer", "--yes")
    small_in_staging.run_checked(*approve, "--unseen", "top", GIT_AUTHOR_EMAIL="cat@example.com")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"head_commit": {"author": {"username": "cat", "email": "cat@example.com"}}}))
    names = {"GITHUB_ACTOR": "merger", "GITHUB_TRIGGERING_ACTOR": "merger"}
    pushed = {**JOB, **names, "GITHUB_EVENT_NAME": "push", "GITHUB_EVENT_PATH": str(event)}
    job = replace(small_in_staging, extra={**small_in_staging.extra, **pushed})
    refused = job.run("promote", "staging", "prod", "--yes", "--json")
    assert (refused.code, refused.codes) == (4, ["G106"])
    assert "cat@example.com" in refused.document["problems"][0]["message"]
    event.write_text(json.dumps({"head_commit": {"author": {"username": "dan"}}}))
    job.run_checked("promote", "staging", "prod", "--yes")


@pytest.mark.night
def test_verified_schedule_deploys_where_its_rule_names_it(
    tmp_path: Path, home: Path, trusting_organisation: Organisation
) -> None:
    token = tmp_path / "token"
    variables = trusting_organisation.build_job_environment("octocat", token)
    trusting_organisation.write_token(token, "octocat", event_name="schedule", run_id="42")
    job = {**ON_SCHEDULE, "GITHUB_ACTOR": "octocat", "GITHUB_RUN_ID": "42"}
    shop = Project(tmp_path / "shop", home, {**variables, **job})
    shop.write("modules/parameters/main.tf", MODULE)
    allow = '\n[environments.dev.allow]\napply = ["github:octocat"]\nonly_ci = true\n'
    shop.write("envctl.toml", PROJECT + allow)
    _, hint = refuse(shop, {}, "apply", "dev")
    assert hint.endswith('write into [environments.dev.allow]: machines = ["schedule"]')
    shop.write("envctl.toml", f'{PROJECT}{allow}machines = ["schedule"]\n')
    shop.run_checked("apply", "dev", "--yes")
    actor = shop.run_checked("history", "--json").document["result"]["entries"][0]["actor"]
    name = "schedule of acme/shop, envctl operate, run 42"
    assert (actor["name"], actor["via"], actor["verified"], actor["also"]) == (name, "github", True, [])
    # The token says what started the run.
    trusting_organisation.write_token(token, "octocat", event_name="workflow_dispatch", run_id="42")
    message, _ = refuse(shop, {}, "apply", "dev")
    assert "the token is of workflow_dispatch, but GITHUB_EVENT_NAME is schedule" in message
