"""The Identity port on AWS: the caller whom STS names, or the actor of a run, where the credentials came of its token.

Who acts is who the credentials are. A token that lies beside them says nothing, whatever is in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from envctl.adapters.aws.exchange import Exchange
from envctl.adapters.aws.tokens import Claims, UnprovenTokenError, list_users, read_claims
from envctl.domain.aws.access import Caller
from envctl.domain.ledger.events import Actor


@dataclass(frozen=True)
class Standing:
    """What is known of one's own credentials. `method` is how boto3 calls the way by which they came, `exchange` what
    AWS answered for the token that they came of. `origin` is the ARN of who took the role, where a profile of this
    machine takes one. `doubt` says why what STS said is not believed.
    """

    caller: Caller
    method: str = ""
    exchange: Exchange | None = None
    origin: str = ""
    doubt: str = ""


class AwsIdentity:
    """`local` is who the machine says that one is; what AWS knows of it goes above it. `standing` gives None where
    there are no credentials at all.
    """

    def __init__(
        self,
        local: Callable[[], Actor],
        standing: Callable[[], Standing | None],
        environment: Callable[[], Mapping[str, str]],
    ) -> None:
        self._local = local
        self._standing = standing
        self._environment = environment

    def actor(self) -> Actor:
        return self._known[0]

    def doubt(self) -> str:
        return self._known[1]

    @cached_property
    def _known(self) -> tuple[Actor, str]:
        said, standing = self._local(), self._standing()
        if standing is None:
            return said, "there are no AWS credentials" if said.via == "github" else ""
        arn = standing.caller.arn
        # What git or the system calls this machine's user is left out: people share machines, and set it as they like.
        users = list_users(standing.exchange) if standing.exchange else ()
        named = (said.name if said.via == "github" else "", standing.origin, *users)
        also = tuple(dict.fromkeys(name for name in named if name))
        caller = Actor(arn, "aws", verified=True, run_url=said.run_url, arn=arn, also=also)
        if standing.doubt:
            # Without the ARN no pattern of `allow` means the actor.
            return replace(caller, verified=False, arn=""), standing.doubt
        if said.via != "github":
            return caller, ""
        try:
            claims = self._believe(said, standing)
        except UnprovenTokenError as error:
            return caller, str(error)
        teams, environment = claims.teams, claims.environment
        url = _run_url(claims) or said.run_url
        return Actor(claims.actor, "github", True, url, arn, teams, environment), ""

    def _believe(self, said: Actor, standing: Standing) -> Claims:
        """The claims of the token that the credentials came of, where it is of the run that this says it is."""
        exchange, known = standing.exchange, self._environment()
        if exchange is None:
            raise UnprovenTokenError(_describe_source(standing, known))
        if exchange.arn != standing.caller.arn:
            raise UnprovenTokenError(f"AWS gave {exchange.arn} for the token, and {standing.caller.arn} acts")
        try:
            claims = read_claims(exchange)
        except UnprovenTokenError as error:
            raise UnprovenTokenError(f"the token {error}") from None
        ours = (
            ("GITHUB_ACTOR", claims.actor, said.name),
            ("GITHUB_REPOSITORY", claims.repository, known.get("GITHUB_REPOSITORY", "")),
            ("GITHUB_RUN_ID", claims.run_id, known.get("GITHUB_RUN_ID", "")),
        )
        for variable, claimed, here in ours:
            if claimed and here and claimed.casefold() != here.casefold():
                raise UnprovenTokenError(f"the token is of {claimed}, and {variable} says {here}")
        return claims


def _describe_source(standing: Standing, known: Mapping[str, str]) -> str:
    if not known.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
        return "the credentials do not come of a token of GitHub (AWS_WEB_IDENTITY_TOKEN_FILE is not set)"
    return f"the credentials come from {standing.method or 'elsewhere'}, and not from AWS_WEB_IDENTITY_TOKEN_FILE"


def _run_url(claims: Claims) -> str:
    if not (claims.repository and claims.run_id):
        return ""
    return f"https://github.com/{claims.repository}/actions/runs/{claims.run_id}"
