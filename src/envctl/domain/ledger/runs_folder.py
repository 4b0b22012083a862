"""Location and retention of matrix runs in the store."""

from datetime import timedelta

FOLDER = "runs/"
RETENTION = timedelta(days=30)
