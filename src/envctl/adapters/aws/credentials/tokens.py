"""Tokens of GitHub Actions and GitLab CI: their claims, and the check that AWS confirmed the very same token."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from envctl.domain.ci.id_token import UnverifiedTokenError, decode_token, format_claim

if TYPE_CHECKING:
    from envctl.adapters.aws.credentials.exchange_listener import TokenExchange

ISSUER = "https://token.actions.githubusercontent.com"
_ISSUERS = re.compile(re.escape(ISSUER) + r"(?:/[A-Za-z0-9][A-Za-z0-9-]*)?")
"""GitHub's own issuer. An enterprise may append its name."""
_EXPIRY_TOLERANCE = timedelta(minutes=5)
_USER_CLAIMS = ("user_login", "user_email")


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Claims of a CI run in a token; all but the actor are empty if missing.

    Attributes:
        repository: Repository of GitHub, or project of GitLab.
        run_id: Number of the run of GitHub, or of the job of GitLab.
        trigger: Event of GitHub, or source of the pipeline of GitLab.
        also: Other names of the actor.
    """

    actor: str
    repository: str = ""
    run_id: str = ""
    trigger: str = ""
    environment: str = ""
    teams: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


def read_github_claims(exchange: "TokenExchange", trusted: str = "") -> Claims:
    """Return the claims of a token of GitHub, as verified by AWS. `trusted` is the one trusted issuer; empty for that
    of github.com, with or without the name of an enterprise.

    Raises UnverifiedTokenError for a token of another issuer, or if the response of AWS does not match it.
    """
    claims = _verify_token(exchange)
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or (not trusted and not _ISSUERS.fullmatch(issuer)):
        raise UnverifiedTokenError("is not from GitHub")
    if trusted and issuer != trusted:
        raise UnverifiedTokenError(f"is of {format_claim(issuer)}, and [ci] in envctl.toml trusts {trusted}")
    _check_answer(exchange, claims, issuer)
    named = _list_named(claims, repository="repository", run_id="run_id", trigger="event_name")
    return Claims(actor=_get_actor(claims, "actor"), teams=_list_teams(claims), **named)


def read_gitlab_claims(exchange: "TokenExchange", url: str) -> Claims:
    """Return the claims of a token of the GitLab at `url`, as verified by AWS.

    Raises UnverifiedTokenError as `read_github_claims`, and for a job of an unprotected branch or tag. Any person
    who can push there decides what the job does, and it runs under the name of the person who starts it.
    """
    claims = _verify_token(exchange)
    issuer = claims.get("iss")
    if issuer != url:
        raise UnverifiedTokenError(f"is of {format_claim(issuer)}, and [ci] in envctl.toml trusts {url}")
    _check_answer(exchange, claims, url)
    if str(claims.get("ref_protected")).casefold() != "true":
        raise UnverifiedTokenError(f"is of {format_claim(claims.get('ref', ''))}, which is not protected in GitLab")
    actor = _get_actor(claims, _USER_CLAIMS[0])
    also = tuple(name for name in list_users(exchange) if name != actor)
    named = _list_named(claims, repository="project_path", run_id="job_id", trigger="pipeline_source")
    return Claims(actor=actor, also=also, **named)


def list_users(exchange: "TokenExchange") -> tuple[str, ...]:
    """Return login and address of the pipeline's user in a token of GitLab accepted by AWS."""
    try:
        _, claims = decode_token(exchange.token)
    except UnverifiedTokenError:
        return ()
    return tuple(name for each in _USER_CLAIMS if isinstance(name := claims.get(each), str) and name)


def _verify_token(exchange: "TokenExchange") -> Mapping[str, Any]:
    """Return the claims of a token that is signed, and had not expired."""
    header, claims = decode_token(exchange.token)
    if str(header.get("alg", "")).casefold() == "none":
        raise UnverifiedTokenError("is not signed")
    _check_time(exchange, claims)
    return claims


def _get_actor(claims: Mapping[str, Any], name: str) -> str:
    actor = claims.get(name)
    if not isinstance(actor, str) or not actor:
        raise UnverifiedTokenError("names no actor")
    return actor


def _list_named(claims: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Return the environment of the job, and what else claims with these names say; each empty if missing."""
    return {field: str(claims.get(name) or "") for field, name in (*names.items(), ("environment", "environment"))}


def _check_answer(exchange: "TokenExchange", claims: Mapping[str, Any], issuer: str) -> None:
    """Check provider, subject and audience. STS names the provider by its ARN, in older responses by its issuer."""
    host = issuer.removeprefix("https://")
    provider = exchange.provider.removeprefix("https://")
    if provider and provider != host and not provider.endswith(f":oidc-provider/{host}"):
        raise UnverifiedTokenError(f"is not of the provider named by AWS: {format_claim(exchange.provider)}")
    if exchange.subject and exchange.subject != claims.get("sub"):
        raise UnverifiedTokenError("has another subject than in AWS")
    audience = claims.get("aud")
    if exchange.audience and exchange.audience not in (audience if isinstance(audience, list) else [audience]):
        raise UnverifiedTokenError("has another audience than in AWS")


def _check_time(exchange: "TokenExchange", claims: Mapping[str, Any]) -> None:
    """Check the expiry by the clock of AWS: that of this machine may be wrong."""
    ends = claims.get("exp")
    if ends is None:
        return
    # Late: few commands have a token.
    from email.utils import parsedate_to_datetime

    try:
        now = parsedate_to_datetime(exchange.date) if exchange.date else datetime.now(UTC)
        has_expired = datetime.fromtimestamp(float(ends), UTC) + _EXPIRY_TOLERANCE < now
    except (TypeError, ValueError, OverflowError, OSError):
        raise UnverifiedTokenError("has no expiry time") from None
    if has_expired:
        raise UnverifiedTokenError("had expired")


def _list_teams(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the teams of the actor. The claim exists only if the organisation asks for it."""
    claimed = claims.get("teams", claims.get("team", ()))
    listed = claimed.split(",") if isinstance(claimed, str) else claimed
    return tuple(sorted(str(team).strip() for team in listed)) if isinstance(listed, list) else ()
