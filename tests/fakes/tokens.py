"""An issuer of tokens in memory, and AWS, which gives credentials for those that it signed and for no others."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from envctl.adapters.aws.exchange import Exchange


def write_token(claims: Mapping[str, str], algorithm: str = "RS256", signature: bytes = b"none") -> str:
    """A JSON Web Token; with whatever signature is given."""
    parts = (json.dumps({"alg": algorithm, "typ": "JWT"}).encode(), json.dumps(claims).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@dataclass
class MemoryTokens:
    """`issuer` is whom AWS trusts for what `secret` signed."""

    issuer: str
    secret: bytes = field(default=b"of the issuer")

    def sign(self, claims: Mapping[str, str]) -> str:
        return write_token(claims, signature=self._signature(claims))

    def exchange(self, token: str, arn: str) -> Exchange | None:
        """AWS's answer, with the session that it gives; None where it gives none."""
        claims = json.loads(_bytes(token.split(".")[1]))
        if not hmac.compare_digest(_bytes(token.split(".")[2]), self._signature(claims)):
            return None
        host = urlsplit(self.issuer).netloc
        provider = f"arn:aws:iam::333333333333:oidc-provider/{host}"
        return Exchange(token, "ASIA", arn, claims["sub"], claims["aud"], provider)

    def _signature(self, claims: Mapping[str, str]) -> bytes:
        return hmac.digest(self.secret, json.dumps(claims, sort_keys=True).encode(), hashlib.sha256)


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
