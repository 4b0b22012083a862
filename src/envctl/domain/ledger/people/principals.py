"""Who is meant by a pattern: the caller's ARN, or what GitHub's own token says of the actor of a run."""

import re
from collections.abc import Iterable

from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_machine, list_names
from envctl.domain.ledger.people.role_arns import role_of

GITHUB, TEAM = "github:", "github-team:"


def may(patterns: Iterable[str], actor: Actor) -> bool:
    """Whether one of the patterns means the actor. What nobody vouches for is never believed."""
    return any(_means(pattern, actor) for pattern in patterns)


def in_ci(actor: Actor) -> bool:
    """Whether somebody else than the machine itself says that it is a run of GitHub Actions."""
    return actor.via == "github" and actor.verified


def may_at_gate(patterns: Iterable[str], actor: Actor) -> bool:
    """Whether the actor may approve at a gate with these patterns; at one without any, every person may.

    An app or a bot is no person: a pattern has to be its very name, without a star.
    """
    patterns = tuple(patterns)
    if is_machine(actor):
        return in_ci(actor) and f"{GITHUB}{actor.name}".casefold() in {each.casefold() for each in patterns}
    return not patterns or may(patterns, actor)


def reviewer(name: str, job: Actor, environment: str) -> Actor:
    """Who let a job begin, as the job tells it. GitHub vouches for the job, and by that for who has let it begin: but
    only where its token says that the job is for that very environment.

    Who has the credentials of a principal of AWS and no token of GitHub could name any reviewer: so that one is the
    same person as the principal that records it.
    """
    vouched = in_ci(job) and job.environment == environment
    recorded_by = list_names(job) if job.via == "aws" else ()
    return Actor(name, "github", verified=vouched, run_url=job.run_url, also=recorded_by)


def _means(pattern: str, actor: Actor) -> bool:
    if pattern.startswith(TEAM):
        return in_ci(actor) and any(_fits(pattern.removeprefix(TEAM), team) for team in actor.teams)
    if pattern.startswith(GITHUB):
        # GitHub tells logins apart without regard to case.
        return in_ci(actor) and _fits(pattern.removeprefix(GITHUB).casefold(), actor.name.casefold())
    return bool(actor.arn) and (_fits(pattern, actor.arn) or _fits(pattern, role_of(actor.arn)))


def _fits(pattern: str, text: str) -> bool:
    # Of all that a shell's patterns know, a star alone: brackets stand in the names of bots.
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None
