"""What a job is: of a request, of a fork, or neither."""

from collections.abc import Mapping
from typing import Any

import pytest

from envctl.domain.ci.job import Job, describe_job

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop"}
GITLAB = {"GITLAB_CI": "true", "CI_PROJECT_ID": "7"}
MERGE_REQUEST = {**GITLAB, "CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_PROJECT_ID": "7"}


def pull(head: Any, base: Any = "acme/shop") -> Mapping[str, Any]:
    sides = {"head": head, "base": base}
    return {
        "pull_request": {side: {"repo": {"full_name": name} if name else None} for side, name in sides.items()},
    }


CASES: dict[str, tuple[Mapping[str, str], Mapping[str, Any], Job]] = {
    "a terminal": ({}, {}, Job()),
    "a terminal with a variable of GitHub": ({"GITHUB_REF": "refs/pull/1/merge"}, {}, Job()),
    "a push of GitHub": ({**GITHUB, "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}, {}, Job("github")),
    "a pull request": ({**GITHUB, "GITHUB_EVENT_NAME": "pull_request"}, pull("acme/shop"), Job("github", True)),
    "a pull request in another spelling": (
        {**GITHUB, "GITHUB_EVENT_NAME": "pull_request"},
        pull("Acme/Shop"),
        Job("github", True),
    ),
    "a pull request without its event": ({**GITHUB, "GITHUB_EVENT_NAME": "pull_request"}, {}, Job("github", True)),
    "a fork": ({**GITHUB, "GITHUB_EVENT_NAME": "pull_request"}, pull("mallory/shop"), Job("github", True, True)),
    "a deleted fork": ({**GITHUB, "GITHUB_EVENT_NAME": "pull_request"}, pull(None), Job("github", True, True)),
    "pull_request_target of a fork": (
        {**GITHUB, "GITHUB_EVENT_NAME": "pull_request_target"},
        pull("mallory/shop"),
        Job("github", True, True),
    ),
    "a merge queue": ({**GITHUB, "GITHUB_EVENT_NAME": "merge_group"}, {}, Job("github", True)),
    "a ref of a pull request": ({**GITHUB, "GITHUB_REF": "refs/pull/7/merge"}, {}, Job("github", True)),
    "a broken event": (
        {**GITHUB, "GITHUB_EVENT_NAME": "pull_request"},
        {"pull_request": {"head": 1, "base": {"repo": []}}},
        Job("github", True),
    ),
    "a push of GitLab": ({**GITLAB, "CI_PIPELINE_SOURCE": "push"}, {}, Job("gitlab")),
    "a merge request": ({**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7"}, {}, Job("gitlab", True)),
    "a fork's merge request": (
        {**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9"},
        {},
        Job("gitlab", True, True),
    ),
    "a merge request of a deleted fork": (MERGE_REQUEST, {}, Job("gitlab", True, True)),
    "an external pull request": (
        {
            **GITLAB,
            "CI_PIPELINE_SOURCE": "external_pull_request_event",
            "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY": "mallory/shop",
            "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY": "acme/shop",
        },
        {},
        Job("gitlab", True, True),
    ),
}


@pytest.mark.parametrize(("variables", "event", "expected"), CASES.values(), ids=list(CASES))
def test_job_is_described(variables: Mapping[str, str], event: Mapping[str, Any], expected: Job) -> None:
    assert describe_job(variables, event) == expected
