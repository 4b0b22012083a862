"""Tokens of service accounts, as `kubectl create token` requests them."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kube_api_emulator.server.identity.users import AUTHENTICATED, User

ISSUER = "https://kubernetes.default.svc"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class AccountTokens:
    """Issues the tokens of one cluster, and reads them. They end with the process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def issue(self, account: Mapping[str, Any], audiences: list[str], seconds: int) -> tuple[str, str]:
        """Return a token, and when it expires."""
        metadata, now = account["metadata"], datetime.now(UTC)
        namespace, name = metadata["namespace"], metadata["name"]
        expires = now + timedelta(seconds=seconds)
        claims = {
            "aud": audiences,
            "exp": int(expires.timestamp()),
            "iat": int(now.timestamp()),
            "iss": ISSUER,
            "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": name, "uid": metadata["uid"]}},
            "sub": f"system:serviceaccount:{namespace}:{name}",
        }
        signed = f"{_encode({'alg': 'HS256', 'typ': 'JWT'})}.{_encode(claims)}"
        return f"{signed}.{self._sign(signed)}", expires.strftime(_TIME)

    def read(self, token: str) -> tuple[User, str, str] | None:
        """Return the user of a token with namespace and name of the account; None for a token that is not valid."""
        signed, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature, self._sign(signed)):
            return None
        claims = _decode(signed.partition(".")[2])
        if claims["exp"] < datetime.now(UTC).timestamp() or claims["aud"] != [ISSUER]:
            return None
        place = claims["kubernetes.io"]
        namespace, account = place["namespace"], place["serviceaccount"]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", AUTHENTICATED)
        return User(claims["sub"], groups, uid=account["uid"]), namespace, account["name"]

    def _sign(self, text: str) -> str:
        return _shorten(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


def get_audiences(wanted: list[str]) -> list[str]:
    """Return the audiences of a token: the API itself without others."""
    return wanted or [ISSUER]


def _encode(value: Mapping[str, Any]) -> str:
    return _shorten(json.dumps(value, separators=(",", ":")).encode())


def _shorten(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decode(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found
