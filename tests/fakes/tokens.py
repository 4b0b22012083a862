"""A token issuer in memory, and the AWS that trusts it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from envctl.adapters.aws.credentials.exchange_listener import TokenExchange


def encode_token(claims: Mapping[str, str], algorithm: str = "RS256", signature: bytes = b"none") -> str:
    """Return a JSON Web Token with the given signature, valid or not."""
    parts = (json.dumps({"alg": algorithm, "typ": "JWT"}).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@dataclass
class MemoryTokenIssuer:
    """Issues tokens, and exchanges them for AWS sessions."""

    issuer: str
    secret: bytes = field(default=b"of the issuer")

    def sign_token(self, claims: Mapping[str, str]) -> str:
        return encode_token(claims, signature=self._compute_signature(claims))

    def exchange_token(self, token: str, arn: str) -> TokenExchange | None:
        """Return the AWS session for a token, or None for a wrong signature."""
        claims = json.loads(_decode_part(token.split(".")[1]))
        if not hmac.compare_digest(_decode_part(token.split(".")[2]), self._compute_signature(claims)):
            return None
        host = urlsplit(self.issuer).netloc
        provider = f"arn:aws:iam::333333333333:oidc-provider/{host}"
        return TokenExchange(
            token=token, key="ASIA", arn=arn, subject=claims["sub"], audience=claims["aud"], provider=provider
        )

    def _compute_signature(self, claims: Mapping[str, str]) -> bytes:
        return hmac.digest(self.secret, json.dumps(claims, sort_keys=True).encode(), hashlib.sha256)


def _decode_part(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
