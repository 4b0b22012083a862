"""ID tokens of CI jobs: signed JSON Web Tokens. Their claims are read here, and believed only after AWS accepted them.

https://docs.github.com/actions/reference/security/oidc
https://docs.gitlab.com/ci/secrets/id_token_authentication
"""

import base64
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

MAX_TOKEN_BYTES = 32 * 1024
"""STS accepts at most 20,000."""
AUDIENCE = "sts.amazonaws.com"
SHOWN_CLAIMS = ("sub", "aud", "environment", "ref", "job_workflow_ref", "repository_id", "project_id", "iss")
"""Claims that a trust policy of AWS can compare, for people. The token itself is never shown."""
_TOKEN_FORMAT = re.compile(r"([\w-]+)\.([\w-]+)\.([\w-]+)", re.ASCII)
_SUBJECT_WITH_IDS = re.compile(r"repo:([^@/:]+)@\d+/([^@:]+)@\d+(:.*)")


class UnverifiedTokenError(ValueError):
    """Explains why a token is unverified. The text continues "the token …"."""


def decode_token(token: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return header and claims. Raises UnverifiedTokenError for a text that is no token."""
    if len(token) > MAX_TOKEN_BYTES:
        raise UnverifiedTokenError("is too long")
    found = _TOKEN_FORMAT.fullmatch(token.strip())
    if found is None:
        raise UnverifiedTokenError("is not a signed JSON Web Token")
    return _decode_part(found[1]), _decode_part(found[2])


def read_claims(token: str) -> Mapping[str, Any]:
    """Return the claims, unverified; empty for a text that is no token."""
    try:
        return decode_token(token)[1]
    except UnverifiedTokenError:
        return {}


def read_time(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Return the time in a claim such as `exp`; None if it has none."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def select_shown_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """Return the claims for people, as text on one line each."""
    return {name: format_claim(claims[name]) for name in SHOWN_CLAIMS if claims.get(name)}


def describe_token(token: str) -> str:
    """Describe the claims used in trust policies of roles. The token itself is never quoted."""
    try:
        _, claims = decode_token(token)
    except UnverifiedTokenError as error:
        return f"the token {error}"
    claimed = [f"{name} {value}" for name, value in select_shown_claims(claims).items()]
    return f"the token has: {', '.join(claimed)}" if claimed else f"the token names none of {', '.join(SHOWN_CLAIMS)}"


def suggest_subject(token: str) -> str:
    """Return a hint for the trust policy of a role that refused the token; empty without a subject."""
    claims = read_claims(token)
    subject, workflow = (format_claim(claims.get(name, "")) for name in ("sub", "job_workflow_ref"))
    if not subject:
        return ""
    return f"{_explain_subject(subject)}{f'; and the workflow, if it names some: {workflow}' if workflow else ''}"


def _explain_subject(subject: str) -> str:
    if found := _SUBJECT_WITH_IDS.fullmatch(subject):
        older = f"repo:{found[1]}/{found[2]}{found[3]}"
        return f"its trust policy must name the sub {subject}; policies from before July 2026 have {older}"
    if subject.startswith("repo:"):
        return f"its trust policy must name the sub {subject}; one with numbers (repo:OWNER@ID/…) does not fit it"
    return f"its trust policy must name the sub {subject}"


def format_claim(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(letter if letter.isprintable() else "?" for letter in text)[:200]


def _decode_part(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        raise UnverifiedTokenError("can't be read") from None
    if not isinstance(found, dict):
        raise UnverifiedTokenError("can't be read")
    return found
