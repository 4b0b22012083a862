"""How far this machine's clock is from that of AWS, which refuses whoever is some minutes off."""

from datetime import UTC, datetime, timedelta
from typing import Any


class AwsClock:
    """Reads the `Date` of each answer of STS: that of a refusal too, as a wrong clock is what it may be about."""

    def __init__(self) -> None:
        self.ahead: timedelta | None = None

    def hear(self, session: Any) -> None:  # noqa: ANN401 (boto3's own)
        session.events.register("after-call.sts", self._heard)

    def _heard(self, http_response: Any, **_: Any) -> None:  # noqa: ANN401
        # Late: a command that remembers its access asks STS nothing.
        from email.utils import parsedate_to_datetime

        said = http_response.headers.get("Date")
        if said:
            self.ahead = datetime.now(UTC) - parsedate_to_datetime(said)
