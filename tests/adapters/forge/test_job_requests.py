"""The request of a CI job counts only if the job works on a commit of it."""

import json
from pathlib import Path

import pytest

from envctl.adapters.forge.job_requests import VariableJobRequests
from envctl.domain.release.commit_message import JobRequest

MERGED, HEAD, OTHER = "a" * 40, "b" * 40, "c" * 40
TITLE = "Trace logs"
PULL = {"number": 42, "title": TITLE, "merge_commit_sha": MERGED, "head": {"sha": HEAD}}
ON_PULL = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/42/merge", "GITHUB_SHA": MERGED}
ON_MAIN = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": MERGED}
ON_MERGE = {
    "GITLAB_CI": "true",
    "CI_MERGE_REQUEST_IID": "42",
    "CI_MERGE_REQUEST_TITLE": TITLE,
    "CI_COMMIT_SHA": HEAD,
    "CI_PROJECT_ID": "7",
    "CI_MERGE_REQUEST_PROJECT_ID": "7",
}
KNOWN = JobRequest("github", 42, TITLE)
FOUND: dict[str, tuple[dict[str, str], object, str, JobRequest]] = {
    "no job": ({}, None, MERGED, JobRequest()),
    "a job on a pull request": (ON_PULL, PULL, MERGED, KNOWN),
    "a job on a pull request without its event": (ON_PULL, None, MERGED, JobRequest("github", 42)),
    "the head of a pull request checked out": (ON_PULL, PULL, HEAD, KNOWN),
    "another commit checked out": (ON_PULL, PULL, OTHER, JobRequest("github")),
    "no commit": (ON_PULL, PULL, "", JobRequest("github")),
    "a merged pull request": (ON_MAIN, PULL, MERGED, KNOWN),
    "a push to main": (ON_MAIN, None, MERGED, JobRequest("github")),
    "an event without a number": (ON_MAIN, PULL | {"number": None}, MERGED, JobRequest("github")),
    "an event of another shape": (ON_MAIN, ["x"], MERGED, JobRequest("github")),
    "a job on a merge request": (ON_MERGE, None, HEAD, JobRequest("gitlab", 42, TITLE)),
    "another commit on GitLab": (ON_MERGE, None, OTHER, JobRequest("gitlab")),
    "a merge request of another project": (
        ON_MERGE | {"CI_MERGE_REQUEST_PROJECT_ID": "8"},
        None,
        HEAD,
        JobRequest("gitlab"),
    ),
    "a branch on GitLab": ({"GITLAB_CI": "true", "CI_COMMIT_SHA": HEAD}, None, HEAD, JobRequest("gitlab")),
    "a number that is none": (ON_MERGE | {"CI_MERGE_REQUEST_IID": "x"}, None, HEAD, JobRequest("gitlab")),
}


@pytest.mark.parametrize(("variables", "pull", "commit", "expected"), FOUND.values(), ids=FOUND)
def test_request_of_a_job_is_found(
    tmp_path: Path, variables: dict[str, str], pull: object, commit: str, expected: JobRequest
) -> None:
    known = dict(variables)
    if pull is not None:
        event = tmp_path / "event.json"
        event.write_text(json.dumps({"pull_request": pull}))
        known["GITHUB_EVENT_PATH"] = str(event)
    assert VariableJobRequests(lambda: known).find_request(commit) == expected


@pytest.mark.parametrize("text", [None, "no JSON", "[]", '"text"'])
def test_unreadable_event_is_ignored(tmp_path: Path, text: str | None) -> None:
    event = tmp_path / "event.json"
    if text is not None:
        event.write_text(text)
    known = ON_MAIN | {"GITHUB_EVENT_PATH": str(event)}
    assert VariableJobRequests(lambda: known).find_request(MERGED) == JobRequest("github")


def test_known_secrets_in_a_title_are_redacted() -> None:
    known = ON_MERGE | {"CI_MERGE_REQUEST_TITLE": "Use hunter2"}
    found = VariableJobRequests(lambda: known, lambda text: text.replace("hunter2", "(sensitive)")).find_request(HEAD)
    assert found.title == "Use (sensitive)"


FOR_REQUEST: dict[str, tuple[dict[str, str], bool]] = {
    "no job": ({}, False),
    "a job on a pull request": (ON_PULL, True),
    "a merge queue": (ON_MAIN | {"GITHUB_EVENT_NAME": "merge_group"}, True),
    "a push to main": (ON_MAIN | {"GITHUB_EVENT_NAME": "push"}, False),
    "a job on a merge request": (ON_MERGE, True),
    "a branch on GitLab": ({"GITLAB_CI": "true", "CI_PIPELINE_SOURCE": "push"}, False),
}


@pytest.mark.parametrize(("variables", "expected"), FOR_REQUEST.values(), ids=FOR_REQUEST)
def test_job_of_unmerged_code_is_known(variables: dict[str, str], *, expected: bool) -> None:
    assert VariableJobRequests(lambda: variables).is_for_request() is expected


BASE = "d" * 40
BASES: dict[str, tuple[dict[str, str], object, str, str]] = {
    "a test merge": (ON_PULL, PULL, MERGED, f"{MERGED}^1"),
    "the head checked out": (ON_PULL, PULL | {"base": {"sha": BASE}}, HEAD, BASE),
    "an event without base": (ON_PULL, PULL, HEAD, ""),
    "another commit checked out": (ON_PULL, PULL, OTHER, ""),
    "a push": (ON_MAIN, None, MERGED, ""),
    "no job": ({}, None, MERGED, ""),
    "a merge request": (ON_MERGE | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE}, None, HEAD, BASE),
    "a merged result": (
        ON_MERGE | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": OTHER, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": BASE},
        None,
        HEAD,
        BASE,
    ),
    "an odd base": (ON_MERGE | {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "--output=x"}, None, HEAD, ""),
}


@pytest.mark.parametrize(("variables", "pull", "commit", "expected"), BASES.values(), ids=BASES)
def test_base_of_a_request_is_found(
    tmp_path: Path, variables: dict[str, str], pull: object, commit: str, expected: str
) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": pull} if pull else {}))
    known = variables | {"GITHUB_EVENT_PATH": str(event)}
    assert VariableJobRequests(lambda: known).find_base(commit) == expected
