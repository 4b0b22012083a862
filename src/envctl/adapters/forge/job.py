"""The job of this command: its variables, and the file with the event of a GitHub job."""

import json
from collections.abc import Mapping
from typing import Any

from envctl.adapters.disk.files import read_text
from envctl.domain.ci.job import Job, describe_job


def read_job(environ: Mapping[str, str]) -> Job:
    return describe_job(environ, read_event(environ.get("GITHUB_EVENT_PATH", "")))


def read_event(file: str) -> Mapping[str, Any]:
    """Return the event of a job of GitHub; empty if there is none, or the file is unreadable."""
    try:
        found = json.loads(read_text(file)) if file else None
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
