"""How envctl gets into an environment, and as whom: values, and the rules that make them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from envctl.domain.text.durations import spelt

if TYPE_CHECKING:
    # A plan that finds everything prepared reads no project, and loads nothing that could.
    from envctl.domain.config.project import Environment, Project
    from envctl.domain.ledger.events import Actor
    from envctl.domain.ledger.state import EnvironmentPresent

SESSION_LENGTH = 64
MARGIN = timedelta(minutes=5)
"""How much longer than a deployment took before, credentials have to hold: no two take the same time."""


@dataclass(frozen=True)
class Passport:
    """What AWS is asked with. `profile` counts on a machine that has one of that name, `role` is taken from there, or
    from whatever credentials are at hand. `account_id` is the account that has to answer. `session` names whoever is at
    work, and stands in AWS's own records of what was done.

    Empty texts stand for what is not said.
    """

    environment: str = ""
    region: str = ""
    account_id: str = ""
    profile: str = ""
    role: str = ""
    external_id: str = ""
    duration: timedelta = timedelta(hours=1)
    session: str = "envctl"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Caller:
    """What STS says of the credentials: the account, the ARN, and when they end, where that is known."""

    account_id: str
    arn: str
    ends_at: datetime | None = None


PROFILE_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
"""Where tools look for profiles: the variable that names the file, and the usual file."""
USUAL_REGION = "us-east-1"
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
OTHER_CREDENTIALS = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SECURITY_TOKEN",
)
"""Beside the keys of a role, each of these could make a tool work as somebody else."""


def with_profile(inherited: Mapping[str, str], profile: str) -> dict[str, str]:
    """The variables of a process that works with a profile: of those that tools look at first, none is left."""
    left_out = {*KEYS, *OTHER_CREDENTIALS}
    return {**{name: value for name, value in inherited.items() if name not in left_out}, "AWS_PROFILE": profile}


def passport(project: "Project", environment: str, actor: "Actor | None" = None) -> Passport:
    """That of an environment, for an actor. Without an environment it is one's own: the store is reached with it."""
    if not environment:
        entry = project.environments[project.entry]
        return Passport(
            region=project.store.region or entry.region or USUAL_REGION,
            account_id=project.store.account_id or "",
            profile=project.store.profile or "",
        )
    there = project.environments[environment]
    return Passport(
        environment,
        there.region or USUAL_REGION,
        there.account_id or "",
        there.profile or "",
        there.assume_role or "",
        there.external_id or "",
        there.session_duration,
        session_name(actor),
        there.session_tags,
    )


def session_name(actor: "Actor | None") -> str:
    """`envctl-` and who is at work, in the letters that AWS allows in the name of a session."""
    person = re.sub(r"[^\w+=,.@-]", "-", actor.person, flags=re.ASCII) if actor else ""
    return f"envctl-{person}"[:SESSION_LENGTH] if person else "envctl"


def on_aws(project: "Project") -> bool:
    """Whether anything of the project lies in AWS, so that AWS can say who somebody is."""
    if project.store.url.startswith("s3://") or project.state.backend == "s3":
        return True
    return any(on_aws_there(environment) for environment in project.environments.values())


def on_aws_there(environment: "Environment") -> bool:
    """Whether the project file says that anything of the environment is on AWS."""
    return bool(environment.account_id or environment.assume_role or environment.profile)


@dataclass(frozen=True)
class TooShort:
    """How long the credentials hold, and how long a deployment has taken, as people write durations."""

    left: str
    needed: str


def lasts(caller: Caller, there: "EnvironmentPresent", now: datetime) -> TooShort | None:
    """None where the credentials hold as long as the longest deployment that is remembered there, and a bit more."""
    if caller.ends_at is None:
        return None
    left, needed = caller.ends_at - now, longest(there) + MARGIN
    return None if left >= needed else TooShort(spelt(left), spelt(needed - MARGIN))


def longest(there: "EnvironmentPresent") -> timedelta:
    """How long the longest deployment took, of those whose proofs are remembered."""
    done = [proof.deployment for proof in there.evidence.values()]
    return max((each.ended_at - each.started_at for each in done if each.ended_at), default=timedelta())
