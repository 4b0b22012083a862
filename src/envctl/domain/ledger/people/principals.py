"""Matching of actors by permission patterns: ARNs of callers, and GitHub logins and teams."""

import re
from collections.abc import Iterable

from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine, list_names, to_role_arn

GITHUB, TEAM = "github:", "github-team:"


def is_permitted(patterns: Iterable[str], actor: Actor) -> bool:
    """Check if a pattern matches the actor. Unverified names never match."""
    return any(_matches_actor(pattern, actor) for pattern in patterns)


def is_ci_run(actor: Actor) -> bool:
    """Check if the actor is a run of GitHub Actions, verified by its token."""
    return actor.via == "github" and actor.verified


def can_approve_at(patterns: Iterable[str], actor: Actor) -> bool:
    """Check if the actor may approve at a gate with these patterns. Without patterns every person may. An app or bot is
    no person: it needs its exact name as a pattern.
    """
    patterns = tuple(patterns)
    if is_machine(actor):
        return is_ci_run(actor) and f"{GITHUB}{actor.name}".casefold() in {each.casefold() for each in patterns}
    return not patterns or is_permitted(patterns, actor)


def build_reviewer(name: str, job: Actor, environment: str) -> Actor:
    """Return the reviewer of a job as an actor.

    GitHub verifies the reviewer only for the environment in the token of the job. Without a token, holders of AWS
    credentials could name any reviewer: then the reviewer counts as the same person as the recording principal.
    """
    vouched = is_ci_run(job) and job.environment == environment
    recorded_by = list_names(job) if job.via == "aws" else ()
    return Actor(name, "github", verified=vouched, run_url=job.run_url, also=recorded_by)


def _matches_actor(pattern: str, actor: Actor) -> bool:
    if pattern.startswith(TEAM):
        return is_ci_run(actor) and any(_matches_glob(pattern.removeprefix(TEAM), team) for team in actor.teams)
    if pattern.startswith(GITHUB):
        # GitHub logins are case-insensitive.
        return is_ci_run(actor) and _matches_glob(pattern.removeprefix(GITHUB).casefold(), actor.name.casefold())
    return bool(actor.arn) and (_matches_glob(pattern, actor.arn) or _matches_glob(pattern, to_role_arn(actor.arn)))


def _matches_glob(pattern: str, text: str) -> bool:
    # Only the star is special: names of bots contain brackets.
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None
