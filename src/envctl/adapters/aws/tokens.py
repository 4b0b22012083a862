"""Tokens of GitHub Actions: what is in one, and whether an answer of AWS speaks of that very one."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envctl.adapters.aws.exchange import Exchange

ISSUER = "https://token.actions.githubusercontent.com"
LONGEST = 32 * 1024
"""Bytes; STS takes no more than 20,000."""
_ISSUERS = re.compile(re.escape(ISSUER) + r"(?:/[A-Za-z0-9][A-Za-z0-9-]*)?")
"""GitHub's own. An enterprise may have its name at the end."""
_PARTS = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)
_LATE = timedelta(minutes=5)
_USERS = ("user_login", "user_email")
_SHOWN = ("sub", "aud", "environment")


class UnprovenTokenError(ValueError):
    """Says why a token proves nothing, as what follows "the token …"."""


@dataclass(frozen=True)
class Claims:
    """What GitHub says in a token. `run_id` and `repository` are empty where it says nothing of them."""

    actor: str
    repository: str = ""
    run_id: str = ""
    environment: str = ""
    teams: tuple[str, ...] = ()


def read_claims(exchange: "Exchange") -> Claims:
    """What GitHub says, and AWS has checked.

    Raises UnprovenTokenError where the token is none of GitHub's, or AWS's answer does not speak of it.
    """
    header, claims = _decode(exchange.token)
    if str(header.get("alg", "")).casefold() == "none":
        raise UnprovenTokenError("is not signed")
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not _ISSUERS.fullmatch(issuer):
        raise UnprovenTokenError("is not of GitHub")
    _check_answer(exchange, claims, issuer)
    _check_time(exchange, claims)
    actor = claims.get("actor")
    if not isinstance(actor, str) or not actor:
        raise UnprovenTokenError("names no actor")
    said = {name: str(claims.get(name) or "") for name in ("repository", "run_id", "environment")}
    return Claims(actor, **said, teams=_list_teams(claims))


def list_users(exchange: "Exchange") -> tuple[str, ...]:
    """The names that a token of GitLab, which AWS took, gives the user of a pipeline: login and address."""
    try:
        _, claims = _decode(exchange.token)
    except UnprovenTokenError:
        return ()
    return tuple(name for each in _USERS if isinstance(name := claims.get(each), str) and name)


def describe_token(token: str) -> str:
    """The claims that the trust policies of roles name, for who has to correct one. Never the token itself."""
    try:
        _, claims = _decode(token)
    except UnprovenTokenError as error:
        return f"the token {error}"
    said = [f"{name} {_show(claims[name])}" for name in _SHOWN if claims.get(name)]
    return f"the token says: {', '.join(said)}" if said else f"the token names none of {', '.join(_SHOWN)}"


def _show(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]


def _decode(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims."""
    if len(token) > LONGEST:
        raise UnprovenTokenError("is too long")
    found = _PARTS.fullmatch(token.strip())
    if found is None:
        raise UnprovenTokenError("is no signed JSON Web Token")
    return _object(found[1]), _object(found[2])


def _object(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        raise UnprovenTokenError("can't be read") from None
    if not isinstance(found, dict):
        raise UnprovenTokenError("can't be read")
    return found


def _check_answer(exchange: "Exchange", claims: Mapping[str, Any], issuer: str) -> None:
    """STS names the provider by its ARN, and by the issuer in older answers; an emulator may name nothing."""
    host = issuer.removeprefix("https://")
    provider = exchange.provider.removeprefix("https://")
    if provider and provider != host and not provider.endswith(f":oidc-provider/{host}"):
        raise UnprovenTokenError(f"is not of the provider that AWS names: {_show(exchange.provider)}")
    if exchange.subject and exchange.subject != claims.get("sub"):
        raise UnprovenTokenError("has another subject than AWS says")
    audience = claims.get("aud")
    if exchange.audience and exchange.audience not in (audience if isinstance(audience, list) else [audience]):
        raise UnprovenTokenError("has another audience than AWS says")


def _check_time(exchange: "Exchange", claims: Mapping[str, Any]) -> None:
    """By the clock of AWS: this machine's may be wrong."""
    ends = claims.get("exp")
    if ends is None:
        return
    # Late: few commands have a token at all.
    from email.utils import parsedate_to_datetime

    try:
        now = parsedate_to_datetime(exchange.date) if exchange.date else datetime.now(UTC)
        over = datetime.fromtimestamp(float(ends), UTC) + _LATE < now
    except (TypeError, ValueError, OverflowError, OSError):
        raise UnprovenTokenError("says no time at which it ends") from None
    if over:
        raise UnprovenTokenError("had expired")


def _list_teams(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """A token has such a claim where the organisation asks for it."""
    said = claims.get("teams", claims.get("team", ()))
    listed = said.split(",") if isinstance(said, str) else said
    return tuple(sorted(str(team).strip() for team in listed)) if isinstance(listed, list) else ()
