"""Who acts by a run of CI: its variables and its event decide."""

from collections.abc import Mapping
from typing import Any

import pytest

from envctl.domain.ci.job_start import describe_start
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import NO_START, RunStart

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/shop",
    "GITHUB_WORKFLOW": "envctl\n drift",
    "GITHUB_RUN_ID": "123",
    "GITHUB_RUN_ATTEMPT": "1",
}
GITLAB = {"GITLAB_CI": "true", "CI_PROJECT_PATH": "acme/shop", "CI_PIPELINE_ID": "42"}
SCHEDULE = "schedule of acme/shop, envctl drift, run 123"
BOT, ACTIONS = "deployer[bot]", "github-actions[bot]"


def github(trigger: str, actor: str = "ann", again: str = "", **more: str) -> Mapping[str, str]:
    names = {"GITHUB_EVENT_NAME": trigger, "GITHUB_ACTOR": actor, "GITHUB_TRIGGERING_ACTOR": again or actor}
    return {**GITHUB, **names, **more}


def gitlab(trigger: str, user: str = "ann", **more: str) -> Mapping[str, str]:
    return {**GITLAB, "CI_PIPELINE_SOURCE": trigger, "GITLAB_USER_LOGIN": user, **more}


def person(name: str, *also: str) -> Actor:
    return Actor(name, via="github", also=also)


def pushed(*authors: Any) -> Mapping[str, Any]:
    """A push of these commits; the last one is its head."""
    commits = [{"author": each} for each in authors]
    return {"head_commit": commits[-1], "commits": commits}


ANN_WROTE = {"name": "Ann", "username": "ann", "email": "ann@example.com"}
AGAIN = {"GITHUB_RUN_ATTEMPT": "2"}
GITLAB_BOT = "project_42_bot_0a1b"
SERVICE = {"GITLAB_USER_EMAIL": "service_account_group_7_0a1b@noreply.gitlab.com"}
CASES: dict[str, tuple[Mapping[str, str], Mapping[str, Any], RunStart]] = {
    "a terminal": ({"GITHUB_EVENT_NAME": "schedule", "CI_PIPELINE_SOURCE": "schedule"}, {}, NO_START),
    "another CI": ({"CODEBUILD_INITIATOR": "codepipeline/shop"}, {}, NO_START),
    "a push without its event": (github("push"), {}, NO_START),
    "a push is of its authors too": (
        github("push", "merger"),
        pushed(ANN_WROTE),
        RunStart(people=(person("ann", "ann@example.com"),)),
    ),
    "a merge is of all whose commits it brings": (
        github("push", "merger"),
        pushed({"email": "bob@example.com"}, {"username": "merger"}),
        RunStart(people=(person("merger"), person("bob@example.com"))),
    ),
    "a push of a bot is of its authors": (github("push", BOT), pushed({"username": "ann"}),
                                          RunStart(people=(person("ann"),))),
    "an event in another form": (
        github("push"),
        {"head_commit": [], "commits": [1, {"author": 2}, {"author": {"username": 3, "email": ""}}]},
        NO_START,
    ),
    "a push run again by another": (github("push", "ann", "bob"), {}, RunStart(people=(person("bob"),))),
    "a push run again by a bot": (
        github("push", "ann", ACTIONS, **AGAIN),
        {},
        RunStart(machines=(f"github:{ACTIONS}",), people=(person(ACTIONS),)),
    ),
    "a dispatch by a person": (github("workflow_dispatch"), {}, NO_START),
    "a dispatch by a bot": (github("workflow_dispatch", ACTIONS), {}, RunStart(machines=(f"github:{ACTIONS}",))),
    "a dispatch over the API by a bot": (github("repository_dispatch", BOT), {}, RunStart(machines=(f"github:{BOT}",))),
    "a run after another run, by a bot": (github("workflow_run", BOT), {}, RunStart(machines=(f"github:{BOT}",))),
    "an event of any other kind, by a bot": (github("release", BOT), {}, RunStart(machines=(f"github:{BOT}",))),
    "an event without a name, by a bot": (github("", BOT), {}, RunStart(machines=(f"github:{BOT}",))),
    "a dispatch run again": (
        github("workflow_dispatch", BOT, "bob"),
        {},
        RunStart(machines=(f"github:{BOT}",), people=(person("bob"),)),
    ),
    "a pull request of a bot": (github("pull_request", "dependabot[bot]"), {}, NO_START),
    "a schedule is of no person": (github("schedule"), {}, RunStart(schedule=SCHEDULE, machines=("schedule",))),
    "a schedule run again": (
        github("schedule", "ann", **AGAIN),
        {},
        RunStart(schedule=SCHEDULE, machines=("schedule",), people=(person("ann"),)),
    ),
    "a schedule run again by a bot": (
        github("schedule", "ann", ACTIONS, **AGAIN),
        {},
        RunStart(schedule=SCHEDULE, machines=("schedule", f"github:{ACTIONS}"), people=(person(ACTIONS),)),
    ),
    "a push of GitLab": (
        gitlab("push", CI_COMMIT_AUTHOR="Bob <bob@example.com>"),
        {},
        RunStart(people=(Actor("bob@example.com", via="gitlab"),)),
    ),
    "a push of GitLab by a bot": (gitlab("push", GITLAB_BOT), {}, NO_START),
    "a button that a bot presses": (
        gitlab("push", GITLAB_BOT, CI_JOB_MANUAL="true"),
        {},
        RunStart(machines=(f"gitlab:{GITLAB_BOT}",)),
    ),
    "a merge request of a bot": (gitlab("merge_request_event", GITLAB_BOT), {}, NO_START),
    "a pipeline of GitLab by a person": (gitlab("web"), {}, NO_START),
    "a service account of another name": (gitlab("api", "shipper", **SERVICE), {},
                                          RunStart(machines=("gitlab:shipper",))),
    "a schedule of GitLab is of no person": (
        gitlab("schedule"),
        {},
        RunStart(schedule="schedule of acme/shop, pipeline 42", machines=("schedule",)),
    ),
    "a button in a schedule of GitLab": (
        gitlab("schedule", CI_JOB_MANUAL="true"),
        {},
        RunStart(
            schedule="schedule of acme/shop, pipeline 42", machines=("schedule",), people=(Actor("ann", via="gitlab"),)
        ),
    ),
    **{
        f"{source} of GitLab by a bot": (gitlab(source, GITLAB_BOT), {}, RunStart(machines=(f"gitlab:{GITLAB_BOT}",)))
        for source in ("trigger", "api", "pipeline", "web", "parent_pipeline")
    },
}  # fmt: skip


@pytest.mark.parametrize(("variables", "event", "expected"), CASES.values(), ids=list(CASES))
def test_run_is_of_those_who_act(variables: Mapping[str, str], event: Mapping[str, Any], expected: RunStart) -> None:
    assert describe_start(variables, event) == expected
