"""What started the run of a CI job, and who acts by it."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from envctl.domain.ci.job import REQUEST_EVENTS, REQUEST_SOURCES
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine, name_schedule
from envctl.domain.ledger.people.run_start import NO_START, SCHEDULE, RunStart

_ADDRESS = re.compile(r"<([^<>]+)>\s*")


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
    if trigger in REQUEST_EVENTS:
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
    if trigger in REQUEST_SOURCES:
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
