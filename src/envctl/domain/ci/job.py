"""The CI job of this command, as its variables and its event describe it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine, name_schedule
from envctl.domain.ledger.people.run_start import NO_START, SCHEDULE, RunStart

_REQUEST_EVENTS = frozenset(
    """
    pull_request pull_request_target pull_request_review pull_request_review_comment pull_request_comment merge_group
    """.split()  # noqa: SIM905 (a list of words reads best as one)
)
"""Events of GitHub for code that is not merged yet."""
_REQUEST_SOURCES = frozenset({"merge_request_event", "external_pull_request_event"})
_ADDRESS = re.compile(r"<([^<>]+)>\s*")


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
        variables.get("GITHUB_EVENT_NAME", "") in _REQUEST_EVENTS
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
    is_request = variables.get("CI_PIPELINE_SOURCE") in _REQUEST_SOURCES or any(
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


def describe_start(variables: Mapping[str, str], event: Mapping[str, Any]) -> RunStart:
    """Return who acts by the run of this job, beside its actor.

    A push is of its actor and its authors. A schedule is of no person: the actor that GitHub and GitLab name only
    wrote it. A bot that asks for any other run acts for a person who is unknown.
    """
    if variables.get("GITHUB_ACTIONS") == "true":
        return _describe_github_start(variables, event)
    if variables.get("GITLAB_CI") == "true":
        return _describe_gitlab_start(variables)
    return NO_START


def _describe_github_start(variables: Mapping[str, str], event: Mapping[str, Any]) -> RunStart:
    trigger, login, again = (
        variables.get(name, "") for name in ("GITHUB_EVENT_NAME", "GITHUB_ACTOR", "GITHUB_TRIGGERING_ACTOR")
    )
    if trigger in _REQUEST_EVENTS:
        return NO_START
    # The first attempt of a schedule names here who wrote it.
    is_other = trigger != SCHEDULE and again.casefold() != login.casefold()
    is_repeated = is_other or variables.get("GITHUB_RUN_ATTEMPT", "1") != "1"
    repeaters = (Actor(again, via="github"),) if again and is_repeated else ()
    if trigger == SCHEDULE:
        run = f"run {variables.get('GITHUB_RUN_ID', '')}"
        name = name_schedule(variables.get("GITHUB_REPOSITORY", ""), variables.get("GITHUB_WORKFLOW", ""), run)
        return RunStart(schedule=name, machines=(SCHEDULE, *_list_bots(repeaters)), people=repeaters)
    if trigger == "push":
        return RunStart(machines=_list_bots(repeaters), people=(*_list_pushed_authors(event), *repeaters))
    return RunStart(machines=_list_bots((Actor(login, via="github"), *repeaters)), people=repeaters)


def _list_pushed_authors(event: Mapping[str, Any]) -> tuple[Actor, ...]:
    """Return the authors of the commits of a push: of a merge also those of the merged commits."""
    listed = event.get("commits")
    found = []
    for commit in (event.get("head_commit"), *(listed if isinstance(listed, list) else ())):
        author = commit.get("author") if isinstance(commit, Mapping) else None
        names = [author.get(key) for key in ("username", "email")] if isinstance(author, Mapping) else []
        if known := [name for name in names if isinstance(name, str) and name]:
            found.append(Actor(known[0], via="github", also=tuple(known[1:])))
    return tuple(dict.fromkeys(found))


def _describe_gitlab_start(variables: Mapping[str, str]) -> RunStart:
    trigger, is_by_hand = variables.get("CI_PIPELINE_SOURCE", ""), variables.get("CI_JOB_MANUAL") == "true"
    if trigger in _REQUEST_SOURCES:
        return NO_START
    email = variables.get("GITLAB_USER_EMAIL", "")
    user = Actor(variables.get("GITLAB_USER_LOGIN", ""), via="gitlab", also=(email,) if email else ())
    if trigger == SCHEDULE:
        name = name_schedule(variables.get("CI_PROJECT_PATH", ""), f"pipeline {variables.get('CI_PIPELINE_ID', '')}")
        starters = (user,) if is_by_hand else ()
        return RunStart(schedule=name, machines=(SCHEDULE, *_list_bots(starters)), people=starters)
    if trigger == "push":
        author = _ADDRESS.search(variables.get("CI_COMMIT_AUTHOR", ""))
        people = (Actor(author[1], via="gitlab"),) if author else ()
        return RunStart(machines=_list_bots((user,)) if is_by_hand else (), people=people)
    return RunStart(machines=_list_bots((user,)))


def _list_bots(actors: Iterable[Actor]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f"{each.via}:{each.name}" for each in actors if is_machine(each)))
