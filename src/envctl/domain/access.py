"""How envctl gets into an environment, and as whom: values, and the rules that make them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from envctl.domain.events import Actor
from envctl.domain.project import Project

SESSION_LENGTH = 64
_ROLE_OF_SESSION = re.compile(r"arn:(?P<partition>[^:]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>.+)/[^/]+")


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


def passport(project: Project, environment: str, actor: Actor | None = None) -> Passport:
    """That of an environment, for an actor. Without an environment it is one's own: the store is reached with it."""
    if not environment:
        entry = project.environments[project.entry]
        return Passport(
            region=project.store.region or entry.region or "us-east-1",
            account_id=project.store.account_id or "",
            profile=project.store.profile or "",
        )
    there = project.environments[environment]
    return Passport(
        environment,
        there.region or "us-east-1",
        there.account_id or "",
        there.profile or "",
        there.assume_role or "",
        there.external_id or "",
        there.session_duration,
        session_name(actor),
        there.session_tags,
    )


def session_name(actor: Actor | None) -> str:
    """`envctl-` and who is at work, in the letters that AWS allows in the name of a session."""
    person = re.sub(r"[^\w+=,.@-]", "-", actor.person, flags=re.ASCII) if actor else ""
    return f"envctl-{person}"[:SESSION_LENGTH] if person else "envctl"


def role_of(arn: str) -> str:
    """The role whose session an ARN is, as IAM spells it; the ARN itself where it is no session's.

    The path of a role is not in the ARN of its sessions.
    """
    match = _ROLE_OF_SESSION.fullmatch(arn)
    return f"arn:{match['partition']}:iam::{match['account']}:role/{match['role']}" if match else arn


def on_aws(project: Project) -> bool:
    """Whether anything of the project lies in AWS, so that AWS can say who somebody is."""
    if project.store.url.startswith("s3://") or project.state.backend == "s3":
        return True
    return any(e.account_id or e.assume_role or e.profile for e in project.environments.values())
