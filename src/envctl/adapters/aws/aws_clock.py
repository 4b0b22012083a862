"""The skew of this machine's clock. AWS refuses requests signed some minutes off."""

from datetime import UTC, datetime, timedelta
from typing import Any


class AwsClock:
    """Measure the skew by the `Date` of each response of STS. Refusals count too: a wrong clock may be their cause."""

    skew: timedelta | None = None

    def now(self) -> datetime:
        """Return the time by the clock of AWS, as far as its skew is known."""
        return datetime.now(UTC) - (self.skew or timedelta())

    def watch_session(self, session: Any) -> None:  # noqa: ANN401 (boto3's own)
        session.events.register("after-call.sts", self._measure_skew)

    def _measure_skew(self, http_response: Any, **_: Any) -> None:  # noqa: ANN401
        # Late: a command with cached access does not call STS.
        from email.utils import parsedate_to_datetime

        date = http_response.headers.get("Date")
        if date:
            self.skew = datetime.now(UTC) - parsedate_to_datetime(date)
