"""The Identity port on AWS: the caller named by STS, or the actor of a CI run with credentials for its token.

The actor is the owner of the credentials. A token file beside them proves nothing, whatever its content.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlsplit

from envctl.adapters.aws.credentials.exchange_listener import TokenExchange
from envctl.adapters.aws.credentials.tokens import Claims, list_users, read_github_claims, read_gitlab_claims
from envctl.domain.aws.access import CallerIdentity, format_session_name
from envctl.domain.ci.id_token import UnverifiedTokenError
from envctl.domain.ci.job_role import describe_run
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import NO_START, RunStart

_SYSTEMS = {"github": "GitHub", "gitlab": "GitLab"}
_VARIABLES = {
    "github": ("GITHUB_ACTOR", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_EVENT_NAME"),
    "gitlab": ("GITLAB_USER_LOGIN", "CI_PROJECT_PATH", "CI_JOB_ID", "CI_PIPELINE_SOURCE"),
}
"""Actor, project, run and trigger as the job names them: the token has to name the same."""


@dataclass(frozen=True)
class CredentialOrigin:
    caller: CallerIdentity
    method: str = ""  # as boto3 names it
    exchange: TokenExchange | None = None  # of the token they were given for
    source_arn: str = ""  # ARN of the principal behind a role of a local profile
    doubt: str = ""  # why the response of STS is not trusted


GITHUB_URL = "https://github.com"


def read_server_url(run_url: str) -> str:
    """Return the address of the GitHub Enterprise that the job names."""
    parts = urlsplit(run_url)
    return f"https://{parts.netloc}" if parts.scheme == "https" and parts.netloc else GITHUB_URL


@dataclass(eq=False, repr=False, kw_only=True)
class AwsIdentity:
    """`local` identifies the actor by the machine alone; AWS takes precedence. `find_origin` returns None without
    credentials. `gitlab` returns the address of the GitLab with trusted tokens, `github` the issuer of trusted tokens
    of GitHub, or an empty text for that of github.com. `name_environment` returns the environment of the project that
    an environment of GitHub stands for. `start` is what started the run, by its variables.
    """

    local: Callable[[], Actor]
    find_origin: Callable[[], CredentialOrigin | None]
    environment: Callable[[], Mapping[str, str]]
    gitlab: Callable[[], str]
    github: Callable[[], str] = lambda: ""
    name_environment: Callable[[str], str] = str
    start: RunStart = NO_START

    def identify_actor(self) -> Actor:
        return self._actor_and_doubt[0]

    def explain_doubt(self) -> str:
        return self._actor_and_doubt[1]

    def find_start(self) -> RunStart:
        return self.start

    def name_session(self) -> str:
        return format_session_name(self.identify_actor(), describe_run(self.environment()))

    @cached_property
    def _actor_and_doubt(self) -> tuple[Actor, str]:
        local, origin = self.local(), self.find_origin()
        if origin is None:
            return local, "AWS credentials are missing" if local.via in _SYSTEMS else ""
        arn = origin.caller.arn
        # The user name of git or the system is left out: machines are shared, and the name is set freely.
        # A schedule acts for no person, although its token names one.
        users = list_users(origin.exchange) if origin.exchange and not self.start.schedule else ()
        named = (local.name if local.via in _SYSTEMS else "", origin.source_arn, *users)
        also = tuple(dict.fromkeys(name for name in named if name))
        caller = Actor(arn, via="aws", verified=True, run_url=local.run_url, arn=arn, also=also)
        if origin.doubt:
            # Without the ARN, no pattern of `allow` matches the actor.
            return replace(caller, verified=False, arn=""), origin.doubt
        if local.via not in _SYSTEMS:
            return caller, ""
        try:
            claims = self._verify_claims(local, origin)
        except UnverifiedTokenError as error:
            return caller, str(error)
        url = self._format_run_url(local, claims)
        place = self.name_environment(claims.environment) if local.via == "github" else claims.environment
        if self.start.schedule:
            return Actor(local.name, via=local.via, verified=True, run_url=url, arn=arn, environment=place), ""
        return Actor(
            claims.actor,
            via=local.via,
            verified=True,
            run_url=url,
            arn=arn,
            teams=claims.teams,
            environment=place,
            also=claims.also,
        ), ""

    def _format_run_url(self, local: Actor, claims: Claims) -> str:
        if not (claims.repository and claims.run_id):
            return local.run_url
        if local.via == "gitlab":
            return f"{self.gitlab()}/{claims.repository}/-/jobs/{claims.run_id}"
        server = read_server_url(local.run_url) if self.github() else GITHUB_URL
        return f"{server}/{claims.repository}/actions/runs/{claims.run_id}"

    def _verify_claims(self, local: Actor, origin: CredentialOrigin) -> Claims:
        """Return the claims of the exchanged token. Raises UnverifiedTokenError if it is not of this CI run."""
        exchange, variables = origin.exchange, self.environment()
        if exchange is None:
            if not variables.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
                system = _SYSTEMS[local.via]
                why = f"do not come of a token of {system} (AWS_WEB_IDENTITY_TOKEN_FILE is not set)"
                raise UnverifiedTokenError(f"the credentials {why}")
            source = origin.method or "elsewhere"
            raise UnverifiedTokenError(f"the credentials come from {source}, not from AWS_WEB_IDENTITY_TOKEN_FILE")
        if exchange.arn != origin.caller.arn:
            own = origin.caller.arn
            raise UnverifiedTokenError(f"the token gives {exchange.arn}, but the credentials are of {own}")
        try:
            is_gitlab = local.via == "gitlab"
            read, server = (read_gitlab_claims, self.gitlab) if is_gitlab else (read_github_claims, self.github)
            claims = read(exchange, server())
        except UnverifiedTokenError as error:
            raise UnverifiedTokenError(f"the token {error}") from None
        actor, project, run, trigger = _VARIABLES[local.via]
        ours = (
            (actor, claims.actor, variables.get(actor, "") if self.start.schedule else local.name),
            (project, claims.repository, variables.get(project, "")),
            (run, claims.run_id, variables.get(run, "")),
            (trigger, claims.trigger, variables.get(trigger) or "unset"),
        )
        for variable, claimed, expected in ours:
            if claimed and expected and claimed.casefold() != expected.casefold():
                raise UnverifiedTokenError(f"the token is of {claimed}, but {variable} is {expected}")
        return claims
