"""Clock skew: its tolerance, and moments beyond it."""

from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""Maximum clock skew of a machine. AWS refuses requests beyond 15 minutes."""
PRECISION = timedelta(seconds=2)
"""Precision of the clock of a store: HTTP headers have whole seconds."""


def is_future(moment: datetime, now: datetime) -> bool:
    """Check if the moment is in the future beyond the tolerance: then it comes from a wrong clock."""
    return moment > now + TOLERANCE
