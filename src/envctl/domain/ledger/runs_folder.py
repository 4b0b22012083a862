"""Where runs lie in a store, and for how long."""

from datetime import timedelta

FOLDER = "runs/"


KEPT = timedelta(days=30)
