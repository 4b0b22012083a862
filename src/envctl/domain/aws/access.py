"""AWS credentials of an environment: the request for them, the caller, and the remaining time."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from envctl.domain.text.durations import format_duration

if TYPE_CHECKING:
    # Keeps the start short: a plan with everything prepared loads no project.
    from envctl.domain.config.project import Project
    from envctl.domain.ledger.events import Actor
    from envctl.domain.ledger.state import EnvironmentState

STATES_OF = "states of "
"""Before the name of an environment: the credentials for its states, if `[state]` names a role."""
MAX_SESSION_LENGTH = 64
LONGEST_LOOK = timedelta(hours=1)
CREDENTIALS_MARGIN = timedelta(minutes=5)
"""Time credentials must last beyond the longest earlier deployment: durations vary."""


@dataclass(frozen=True, kw_only=True)
class AwsCredentialsSpec:
    """The parameters of a session with AWS. Empty texts mean not set."""

    environment: str = ""
    region: str = ""
    account_id: str = ""  # account expected to answer
    profile: str = ""  # used on machines with a profile of that name
    role: str = ""  # assumed with the profile, or else with the default credentials
    external_id: str = ""
    duration: timedelta = timedelta(hours=1)
    session: str = "envctl"  # session name with the actor; AWS records it
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CallerIdentity:
    """The answer of STS: account and ARN, and the end of the credentials if known."""

    account_id: str
    arn: str
    ends_at: datetime | None = None


DEFAULT_REGION = "us-east-1"
_ARN_PARTS = 6
_ENDED_BY_ITSELF = frozenset({"succeeded", "partial", "failed", "interrupted"})
KEY_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
OTHER_CREDENTIAL_VARIABLES = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CREDENTIAL_EXPIRATION", "AWS_SECURITY_TOKEN",
)  # fmt: skip
"""Besides the keys, each of these could change the identity a tool uses."""


def set_profile_variables(inherited: Mapping[str, str], profile: str) -> dict[str, str]:
    """Return the variables of a process using this profile, without those tools prefer to it."""
    left_out = {*KEY_VARIABLES, *OTHER_CREDENTIAL_VARIABLES}
    return {**{name: value for name, value in inherited.items() if name not in left_out}, "AWS_PROFILE": profile}


def build_credentials_spec(project: "Project", environment: str, session: str = "envctl") -> AwsCredentialsSpec:
    """Return the parameters for an environment, with the name of its sessions; without an environment those for the
    store, and with `STATES_OF` before its name those for its states.
    """
    if environment.startswith(STATES_OF):
        return _build_states_spec(project, environment.removeprefix(STATES_OF), session)
    if not environment:
        entry = project.environments[project.entry]
        return AwsCredentialsSpec(
            region=project.store.region or entry.region or DEFAULT_REGION,
            account_id=project.store.account_id or "",
            profile=project.store.profile or "",
        )
    target = project.environments[environment]
    return AwsCredentialsSpec(
        environment=environment,
        region=target.region or DEFAULT_REGION,
        account_id=target.account_id or "",
        profile=target.profile or "",
        role=project.find_acting_role(environment),
        external_id=target.external_id or "",
        # A role to look with is mostly taken from another role, and AWS then refuses more than an hour.
        duration=min(target.session_duration, LONGEST_LOOK)
        if project.looks_with_role(environment)
        else target.session_duration,
        session=session,
        tags=target.session_tags,
    )


def _build_states_spec(project: "Project", environment: str, session: str) -> AwsCredentialsSpec:
    from envctl.domain.config.states.state_place import find_role_account, find_state_role

    role = find_state_role(project, environment, only_looks=project.only_looks_in(environment))
    return replace(
        build_credentials_spec(project, environment, session),
        environment=f"{STATES_OF}{environment}",
        account_id=find_role_account(role),
        role=str(role.get("role_arn", "")),
        external_id=str(role.get("external_id", "")),
        duration=LONGEST_LOOK,
        tags={},
    )


def find_states_credentials(project: "Project", environment: str) -> str:
    """Return the name of the credentials for the buckets of states: as Terraform's own backend."""
    role = project.state.assume_role
    return environment if role is None else f"{STATES_OF}{environment}" if role else ""


def format_session_name(actor: "Actor | None", run: str = "") -> str:
    """Return `envctl-` with the run of CI and the person, in the characters AWS allows in session names. A schedule is
    no person: the run says enough.
    """
    from envctl.domain.ledger.people.person_names import is_schedule

    person = actor.person_name if actor and not is_schedule(actor) else ""
    words = (re.sub(r"[^\w+=,.@-]", "-", word, flags=re.ASCII) for word in (run, person) if word)
    return "-".join(("envctl", *words))[:MAX_SESSION_LENGTH]


def is_session_of_role(arn: str, role: str) -> bool:
    """Tell if the ARN of a caller is a session of the role, whose ARN may have a path."""
    session, wanted = arn.split(":", 5), role.split(":", 5)
    if len(session) != _ARN_PARTS or len(wanted) != _ARN_PARTS or session[4] != wanted[4]:
        return False
    kind, _, rest = session[5].partition("/")
    return kind == "assumed-role" and rest.partition("/")[0] == wanted[5].rpartition("/")[2]


def is_on_aws(project: "Project") -> bool:
    """Tell if any part of the project is on AWS: then AWS can identify the actor."""
    if project.store.url.startswith("s3://") or project.state.backend == "s3":
        return True
    return any(environment.is_on_aws for environment in project.environments.values())


@dataclass(frozen=True)
class ShortCredentials:
    """Remaining time of credentials, and the time a deployment needs, as text."""

    left: str
    needed: str


def check_remaining_time(
    caller: CallerIdentity, environments: "Collection[EnvironmentState]", now: datetime
) -> ShortCredentials | None:
    """Compare the remaining time with the longest known deployment plus a margin; return None if it suffices.

    The deployments of all environments count: the first one to prod takes about as long as those before it. A failed
    one counts too: it may have failed because its credentials ended. An abandoned one ended when people said so.
    """
    if caller.ends_at is None:
        return None
    done = [proof.deployment for state in environments for proof in state.evidence.values()]
    done += [state.last for state in environments if state.last and state.last.outcome in _ENDED_BY_ITSELF]
    longest = max((each.ended_at - each.started_at for each in done if each.ended_at), default=timedelta())
    left = caller.ends_at - now
    if left >= longest + CREDENTIALS_MARGIN:
        return None
    return ShortCredentials(format_duration(left), format_duration(longest))
