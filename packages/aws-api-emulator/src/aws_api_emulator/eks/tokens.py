"""Tokens of EKS: a presigned call of STS, checked as aws-iam-authenticator does it."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit

from aws_api_emulator.exchange import Caller, EksCluster

PREFIX = "k8s-aws-v1."
_CLUSTER_HEADER = "x-k8s-aws-id"
_STS_HOST = re.compile(r"sts(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")
_LIFETIME = timedelta(minutes=15)
_SKEW = timedelta(minutes=5)


@dataclass(frozen=True)
class _SignedCall:
    host: str
    query: Mapping[str, str]

    @property
    def access_key(self) -> str:
        return self.query.get("X-Amz-Credential", "").partition("/")[0]

    @property
    def signed_at(self) -> datetime:
        return datetime.strptime(self.query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def read_caller(token: str, cluster: EksCluster, identify_caller: Callable[[str], Caller]) -> Caller | None:
    """Return who has signed a token; None if it is no token for this cluster."""
    call = _read_token(token)
    if call is None:
        return None
    caller = identify_caller(call.access_key)
    if caller.secret_key and not _is_signed(call, cluster.name, caller.secret_key):
        return None
    return caller


def _read_token(token: str) -> _SignedCall | None:
    if not token.startswith(PREFIX):
        return None
    text = token.removeprefix(PREFIX)
    try:
        url = urlsplit(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode())
        call = _SignedCall(url.hostname or "", dict(parse_qsl(url.query, keep_blank_values=True)))
        age = datetime.now(UTC) - call.signed_at
    except (ValueError, KeyError, binascii.Error):
        return None
    is_sts = url.scheme == "https" and _STS_HOST.fullmatch(call.host) and url.path in ("", "/")
    is_for_cluster = _CLUSTER_HEADER in call.query.get("X-Amz-SignedHeaders", "").split(";")
    if not is_sts or not is_for_cluster or call.query.get("Action") != "GetCallerIdentity":
        return None
    return call if -_SKEW <= age <= _LIFETIME else None


def _is_signed(call: _SignedCall, cluster_name: str, secret_key: str) -> bool:
    """Verify the signature (Signature Version 4 in a query)."""
    query = dict(call.query)
    signature = query.pop("X-Amz-Signature", "")
    headers = {"host": call.host, _CLUSTER_HEADER: cluster_name}
    names = query["X-Amz-SignedHeaders"]
    if any(name not in headers for name in names.split(";")):
        return False
    canonical_query = "&".join(f"{_encode(name)}={_encode(query[name])}" for name in sorted(query))
    canonical_headers = "".join(f"{name}:{headers[name]}\n" for name in names.split(";"))
    empty = hashlib.sha256(b"").hexdigest()
    request = "\n".join(("GET", "/", canonical_query, canonical_headers, names, empty))
    scope = query.get("X-Amz-Credential", "").partition("/")[2]
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join(("AWS4-HMAC-SHA256", query["X-Amz-Date"], scope, digest))
    key = f"AWS4{secret_key}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(key.hex(), signature)


def _encode(text: str) -> str:
    return quote(text, safe="-_.~")
