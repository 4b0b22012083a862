"""The Identity port on AWS: the caller named by STS, or the actor of a CI run with credentials for its token.

The actor is the owner of the credentials. A token file beside them proves nothing, whatever its content.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from envctl.adapters.aws.token_exchange import TokenExchange
from envctl.adapters.aws.tokens import Claims, UnverifiedTokenError, list_users, read_claims
from envctl.domain.aws.access import CallerIdentity
from envctl.domain.ledger.events import Actor


@dataclass(frozen=True)
class CredentialOrigin:
    """The origin of the caller's credentials."""

    caller: CallerIdentity
    method: str = ""  # as boto3 names it
    exchange: TokenExchange | None = None  # of the token they were given for
    source_arn: str = ""  # ARN of the principal behind a role of a local profile
    doubt: str = ""  # why the response of STS is not trusted


class AwsIdentity:
    """`local` identifies the actor by the machine alone; AWS takes precedence. `find_origin` returns None without
    credentials.
    """

    def __init__(
        self,
        local: Callable[[], Actor],
        find_origin: Callable[[], CredentialOrigin | None],
        environment: Callable[[], Mapping[str, str]],
    ) -> None:
        self._local = local
        self._find_origin = find_origin
        self._environment = environment

    def identify_actor(self) -> Actor:
        return self._actor_and_doubt[0]

    def explain_doubt(self) -> str:
        return self._actor_and_doubt[1]

    @cached_property
    def _actor_and_doubt(self) -> tuple[Actor, str]:
        local, origin = self._local(), self._find_origin()
        if origin is None:
            return local, "AWS credentials are missing" if local.via == "github" else ""
        arn = origin.caller.arn
        # The user name of git or the system is left out: machines are shared, and the name is set freely.
        users = list_users(origin.exchange) if origin.exchange else ()
        named = (local.name if local.via == "github" else "", origin.source_arn, *users)
        also = tuple(dict.fromkeys(name for name in named if name))
        caller = Actor(arn, "aws", verified=True, run_url=local.run_url, arn=arn, also=also)
        if origin.doubt:
            # Without the ARN, no pattern of `allow` matches the actor.
            return replace(caller, verified=False, arn=""), origin.doubt
        if local.via != "github":
            return caller, ""
        try:
            claims = self._verify_claims(local, origin)
        except UnverifiedTokenError as error:
            return caller, str(error)
        has_run = claims.repository and claims.run_id
        url = f"https://github.com/{claims.repository}/actions/runs/{claims.run_id}" if has_run else local.run_url
        return Actor(claims.actor, "github", True, url, arn, claims.teams, claims.environment), ""

    def _verify_claims(self, local: Actor, origin: CredentialOrigin) -> Claims:
        """Return the claims of the exchanged token. Raises UnverifiedTokenError if it is not of this CI run."""
        exchange, variables = origin.exchange, self._environment()
        if exchange is None:
            if not variables.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
                raise UnverifiedTokenError(
                    "the credentials do not come from a GitHub token (AWS_WEB_IDENTITY_TOKEN_FILE is not set)"
                )
            source = origin.method or "elsewhere"
            raise UnverifiedTokenError(f"the credentials come from {source}, not from AWS_WEB_IDENTITY_TOKEN_FILE")
        if exchange.arn != origin.caller.arn:
            raise UnverifiedTokenError(
                f"the token gives {exchange.arn}, but the credentials are of {origin.caller.arn}"
            )
        try:
            claims = read_claims(exchange)
        except UnverifiedTokenError as error:
            raise UnverifiedTokenError(f"the token {error}") from None
        ours = (
            ("GITHUB_ACTOR", claims.actor, local.name),
            ("GITHUB_REPOSITORY", claims.repository, variables.get("GITHUB_REPOSITORY", "")),
            ("GITHUB_RUN_ID", claims.run_id, variables.get("GITHUB_RUN_ID", "")),
        )
        for variable, claimed, expected in ours:
            if claimed and expected and claimed.casefold() != expected.casefold():
                raise UnverifiedTokenError(f"the token is of {claimed}, but {variable} is {expected}")
        return claims
