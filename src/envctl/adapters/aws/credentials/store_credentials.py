"""Credentials of boto3 for obstore: renewed before they end, which obstore's own provider does not know."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from obstore.store import S3Config, S3Credential

MAX_AGE = timedelta(minutes=10)
"""For keys without an end: a changed profile is read again."""
ADVANCE = timedelta(minutes=5)
"""obstore asks again this long before the end. botocore renews 15 minutes before it, and insists 10 minutes before."""


class StoreCredentials:
    """`credentials` are those of a boto3 session. obstore calls this, and reads `config`."""

    def __init__(self, credentials: Any, region: str) -> None:  # noqa: ANN401 (boto3's own)
        self._credentials = credentials
        self.config = cast("S3Config", {"region": region} if region else {})

    def __call__(self) -> "S3Credential":
        found = self._credentials.get_frozen_credentials()
        expires_at = datetime.now(UTC) + MAX_AGE
        ends = getattr(self._credentials, "_expiry_time", None)
        if isinstance(ends, datetime):
            expires_at = min(expires_at, ends - ADVANCE)
        return {
            "access_key_id": found.access_key,
            "secret_access_key": found.secret_key,
            "token": found.token,
            "expires_at": expires_at,
        }
