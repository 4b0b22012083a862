"""Tokens of GitHub Actions and GitLab CI: their claims, and the check that AWS confirmed the very same token."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envctl.adapters.aws.token_exchange import TokenExchange

ISSUER = "https://token.actions.githubusercontent.com"
MAX_TOKEN_BYTES = 32 * 1024
"""STS accepts at most 20,000."""
_ISSUERS = re.compile(re.escape(ISSUER) + r"(?:/[A-Za-z0-9][A-Za-z0-9-]*)?")
"""GitHub's own issuer. An enterprise may append its name."""
_TOKEN_FORMAT = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)
_EXPIRY_TOLERANCE = timedelta(minutes=5)
_USER_CLAIMS = ("user_login", "user_email")
_SHOWN_CLAIMS = ("sub", "aud", "environment")


class UnverifiedTokenError(ValueError):
    """Explains why a token is unverified. The text continues "the token …"."""


@dataclass(frozen=True)
class Claims:
    """Claims of a CI run in a token; all but the actor are empty if missing.

    Attributes:
        repository: Repository of GitHub, or project of GitLab.
        run_id: Number of the run of GitHub, or of the job of GitLab.
        also: Other names of the actor.
    """

    actor: str
    repository: str = ""
    run_id: str = ""
    environment: str = ""
    teams: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


def read_github_claims(exchange: "TokenExchange") -> Claims:
    """Return the claims of a token of GitHub, as verified by AWS.

    Raises UnverifiedTokenError for a token of another issuer, or if the response of AWS does not match it.
    """
    claims = _verify_token(exchange)
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not _ISSUERS.fullmatch(issuer):
        raise UnverifiedTokenError("is not from GitHub")
    _check_answer(exchange, claims, issuer)
    repository, run_id, environment = (_get_text(claims, name) for name in ("repository", "run_id", "environment"))
    return Claims(_get_actor(claims, "actor"), repository, run_id, environment, _list_teams(claims))


def read_gitlab_claims(exchange: "TokenExchange", url: str) -> Claims:
    """Return the claims of a token of the GitLab at `url`, as verified by AWS.

    Raises UnverifiedTokenError as `read_github_claims`, and for a job of an unprotected branch or tag. Any person
    who can push there decides what the job does, and it runs under the name of the person who starts it.
    """
    claims = _verify_token(exchange)
    issuer = claims.get("iss")
    if issuer != url:
        raise UnverifiedTokenError(f"is of {_format_claim(issuer)}, and [ci] in envctl.toml trusts {url}")
    _check_answer(exchange, claims, url)
    if str(claims.get("ref_protected")).casefold() != "true":
        raise UnverifiedTokenError(f"is of {_format_claim(claims.get('ref', ''))}, which is not protected in GitLab")
    actor = _get_actor(claims, _USER_CLAIMS[0])
    also = tuple(name for name in list_users(exchange) if name != actor)
    project, job_id, environment = (_get_text(claims, name) for name in ("project_path", "job_id", "environment"))
    return Claims(actor, project, job_id, environment, also=also)


def list_users(exchange: "TokenExchange") -> tuple[str, ...]:
    """Return login and address of the pipeline's user in a token of GitLab accepted by AWS."""
    try:
        _, claims = _decode_token(exchange.token)
    except UnverifiedTokenError:
        return ()
    return tuple(name for each in _USER_CLAIMS if isinstance(name := claims.get(each), str) and name)


def read_claims(token: str) -> Mapping[str, Any]:
    """Return the claims of a token, unverified. Raises UnverifiedTokenError."""
    return _decode_token(token)[1]


def describe_token(token: str) -> str:
    """Describe the claims used in trust policies of roles. The token itself is never quoted."""
    try:
        _, claims = _decode_token(token)
    except UnverifiedTokenError as error:
        return f"the token {error}"
    claimed = [f"{name} {_format_claim(claims[name])}" for name in _SHOWN_CLAIMS if claims.get(name)]
    return f"the token has: {', '.join(claimed)}" if claimed else f"the token names none of {', '.join(_SHOWN_CLAIMS)}"


def _verify_token(exchange: "TokenExchange") -> Mapping[str, Any]:
    """Return the claims of a token that is signed, and had not expired."""
    header, claims = _decode_token(exchange.token)
    if str(header.get("alg", "")).casefold() == "none":
        raise UnverifiedTokenError("is not signed")
    _check_time(exchange, claims)
    return claims


def _get_actor(claims: Mapping[str, Any], name: str) -> str:
    actor = claims.get(name)
    if not isinstance(actor, str) or not actor:
        raise UnverifiedTokenError("names no actor")
    return actor


def _get_text(claims: Mapping[str, Any], name: str) -> str:
    return str(claims.get(name) or "")


def _format_claim(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]


def _decode_token(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return header and claims."""
    if len(token) > MAX_TOKEN_BYTES:
        raise UnverifiedTokenError("is too long")
    found = _TOKEN_FORMAT.fullmatch(token.strip())
    if found is None:
        raise UnverifiedTokenError("is not a signed JSON Web Token")
    return _decode_part(found[1]), _decode_part(found[2])


def _decode_part(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        raise UnverifiedTokenError("can't be read") from None
    if not isinstance(found, dict):
        raise UnverifiedTokenError("can't be read")
    return found


def _check_answer(exchange: "TokenExchange", claims: Mapping[str, Any], issuer: str) -> None:
    """Check provider, subject and audience. STS names the provider by its ARN, in older responses by its issuer."""
    host = issuer.removeprefix("https://")
    provider = exchange.provider.removeprefix("https://")
    if provider and provider != host and not provider.endswith(f":oidc-provider/{host}"):
        raise UnverifiedTokenError(f"is not of the provider named by AWS: {_format_claim(exchange.provider)}")
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
