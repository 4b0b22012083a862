"""Clocks that disagree: how far they may, and which moments can't be believed."""

from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""So far may a machine's clock be off. AWS itself refuses a request that is 15 minutes off."""
PRECISION = timedelta(seconds=2)
"""So exactly a store tells the time: an HTTP header counts whole seconds."""


def is_future(moment: datetime, now: datetime) -> bool:
    """Whether a moment lies further ahead than clocks may differ: then the clock that told it was wrong."""
    return moment > now + TOLERANCE
