"""A token for EKS by plain keys, without boto3: that takes longer to load than all else of a kubectl command."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlencode

TOKEN_PREFIX = "k8s-aws-v1."  # noqa: S105 (the same for all tokens)
CLUSTER_HEADER = "x-k8s-aws-id"
SIGNED_SECONDS = 60
"""EKS takes a token for 15 minutes, whatever its signature says."""
VALID_SECONDS = 14 * 60
_ALGORITHM = "AWS4-HMAC-SHA256"
# Regions with hosts of other domains, and variables that choose another host: boto3 knows them.
_OTHER_DOMAINS = ("cn-", "us-iso", "eu-iso", "eusc-")
_OTHER_HOSTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT")


def encode_token(url: str) -> str:
    """Return the token that a presigned URL of GetCallerIdentity makes."""
    return TOKEN_PREFIX + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


def presign_plainly(environ: Mapping[str, str], region: str, cluster: str, now: datetime) -> str | None:
    """Return a presigned URL for the keys in the environment; None if boto3 is needed to find keys or host."""
    access_key, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret or region.startswith(_OTHER_DOMAINS) or any(map(environ.get, _OTHER_HOSTS)):
        return None
    host, time, day = f"sts.{region}.amazonaws.com", now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    scope = f"{day}/{region}/sts/aws4_request"
    query = {
        "Action": "GetCallerIdentity",
        "Version": "2011-06-15",
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{access_key}/{scope}",
        "X-Amz-Date": time,
        "X-Amz-Expires": str(SIGNED_SECONDS),
        "X-Amz-SignedHeaders": f"host;{CLUSTER_HEADER}",
    }
    if token := environ.get("AWS_SESSION_TOKEN"):
        query["X-Amz-Security-Token"] = token
    asked = urlencode(sorted(query.items()), quote_via=quote, safe="-_.~")
    headers = f"host:{host}\n{CLUSTER_HEADER}:{cluster}\n"
    request = f"GET\n/\n{asked}\n{headers}\nhost;{CLUSTER_HEADER}\n{hashlib.sha256(b'').hexdigest()}"
    signed = f"{_ALGORITHM}\n{time}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (day, region, "sts", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, signed.encode(), "sha256").hex()
    return f"https://{host}/?{asked}&X-Amz-Signature={signature}"
