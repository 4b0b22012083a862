"""The CI job of this command, as its variables and its event describe it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

REQUEST_EVENTS = frozenset(
    """
    pull_request pull_request_target pull_request_review pull_request_review_comment pull_request_comment merge_group
    """.split()  # noqa: SIM905 (a list of words reads best as one)
)
"""Events of GitHub for code that is not merged yet."""
REQUEST_SOURCES = frozenset({"merge_request_event", "external_pull_request_event"})


@dataclass(frozen=True)
class Job:
    """A job of CI; without a host, a command outside of CI."""

    host: Literal["", "github", "gitlab"] = ""
    is_request: bool = False  # it is for a pull or merge request, whose branch wrote the project file and its programs
    is_fork: bool = False  # that branch belongs to another repository


NO_JOB = Job()


def describe_job(variables: Mapping[str, str], event: Mapping[str, Any]) -> Job:
    """Return the job. `event` is the payload of GitHub's event; empty elsewhere.

    https://docs.github.com/actions/reference/workflows-and-actions/variables
    https://docs.gitlab.com/ci/variables/predefined_variables
    """
    if variables.get("GITHUB_ACTIONS") == "true":
        return _describe_github_job(variables, event)
    if variables.get("GITLAB_CI") == "true":
        return _describe_gitlab_job(variables)
    return NO_JOB


def _describe_github_job(variables: Mapping[str, str], event: Mapping[str, Any]) -> Job:
    pull = event.get("pull_request")
    is_request = (
        variables.get("GITHUB_EVENT_NAME", "") in REQUEST_EVENTS
        or bool(variables.get("GITHUB_HEAD_REF"))
        or variables.get("GITHUB_REF", "").startswith(("refs/pull/", "refs/heads/gh-readonly-queue/"))
        or isinstance(pull, Mapping)
    )
    return Job("github", is_request, is_request and isinstance(pull, Mapping) and _is_from_fork(pull))


def _is_from_fork(pull: Mapping[str, Any]) -> bool:
    head, base = (_get_repository(pull.get(side)) for side in ("head", "base"))
    # A deleted fork has no repository any more.
    return bool(base) and head != base


def _get_repository(side: object) -> str:
    repository = side.get("repo") if isinstance(side, Mapping) else None
    return str(repository.get("full_name") or "").casefold() if isinstance(repository, Mapping) else ""


def _describe_gitlab_job(variables: Mapping[str, str]) -> Job:
    is_request = variables.get("CI_PIPELINE_SOURCE") in REQUEST_SOURCES or any(
        variables.get(name) for name in ("CI_MERGE_REQUEST_IID", "CI_EXTERNAL_PULL_REQUEST_IID")
    )
    sides = (
        ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "CI_MERGE_REQUEST_PROJECT_ID"),
        ("CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY", "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY"),
    )
    is_fork = any(
        variables.get(source, "") != variables.get(target, "")
        for source, target in sides
        if variables.get(source) or variables.get(target)
    )
    return Job("gitlab", is_request, is_request and is_fork)
