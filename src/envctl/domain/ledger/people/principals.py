"""Matching of actors by permission patterns: ARNs of callers, logins of GitHub and GitLab, and GitHub teams."""

import re
from collections.abc import Iterable

from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine, is_schedule, list_names, to_role_arn

TEAM = "github-team:"
LOGINS = {"github:": "github", "gitlab:": "gitlab"}
"""Prefixes of patterns for a login, with the system of CI that vouches for it."""


def is_permitted(patterns: Iterable[str], actor: Actor) -> bool:
    """Check if a pattern matches the actor. Unverified names never match."""
    return any(_matches_actor(pattern, actor) for pattern in patterns)


def is_ci_run(actor: Actor) -> bool:
    """Check if the actor is a run of GitHub Actions or GitLab CI, verified by its token."""
    return actor.via in LOGINS.values() and actor.verified


def can_approve_at(patterns: Iterable[str], actor: Actor) -> bool:
    """Check if the actor may approve at a gate with these patterns. Without patterns every person may. An app or bot is
    no person: it needs its exact name as a pattern. A schedule never may.
    """
    patterns = tuple(patterns)
    if is_schedule(actor):
        return False
    if is_machine(actor):
        return is_ci_run(actor) and f"{actor.via}:{actor.name}".casefold() in {each.casefold() for each in patterns}
    return not patterns or is_permitted(patterns, actor)


def build_reviewer(name: str, job: Actor, environment: str) -> Actor:
    """Return the reviewer of a job as an actor.

    GitHub verifies the reviewer only for the environment in the token of the job. Without a token, holders of AWS
    credentials could name any reviewer: then the reviewer counts as the same person as the recording principal.
    """
    vouched = _is_run_of(job, "github") and job.environment == environment
    recorded_by = list_names(job) if job.via in {"aws", "gitlab"} else ()
    return Actor(name, via="github", verified=vouched, run_url=job.run_url, also=recorded_by)


def _matches_actor(pattern: str, actor: Actor) -> bool:
    if pattern.startswith(TEAM):
        names = pattern.removeprefix(TEAM)
        return _is_run_of(actor, "github") and any(_matches_glob(names, team) for team in actor.teams)
    for prefix, system in LOGINS.items():
        if pattern.startswith(prefix):
            # Logins are case-insensitive.
            name = pattern.removeprefix(prefix).casefold()
            return _is_run_of(actor, system) and _matches_glob(name, actor.name.casefold())
    return bool(actor.arn) and (_matches_glob(pattern, actor.arn) or _matches_glob(pattern, to_role_arn(actor.arn)))


def _is_run_of(actor: Actor, system: str) -> bool:
    return actor.via == system and actor.verified


def _matches_glob(pattern: str, text: str) -> bool:
    # Only the star is special: names of bots contain brackets.
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None
