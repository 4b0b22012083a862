"""The job of this command: its variables, and the file with the event of a GitHub job."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envctl.adapters.disk.kept_documents import read_document
from envctl.domain.ci.job import Job, describe_job

if TYPE_CHECKING:
    from envctl.domain.ledger.people.run_start import RunStart


def read_job(environ: Mapping[str, str]) -> Job:
    return describe_job(environ, read_event(environ.get("GITHUB_EVENT_PATH", "")))


def read_start(environ: Mapping[str, str]) -> "RunStart":
    # Only a command that asks who acts loads the ledger.
    from envctl.domain.ci.job_start import describe_start

    return describe_start(environ, read_event(environ.get("GITHUB_EVENT_PATH", "")))


def read_event(file: str) -> Mapping[str, Any]:
    """Return the event of a job of GitHub; empty if there is none, or the file is unreadable."""
    return read_document(Path(file), lambda event: dict(event.items()), {}) if file else {}
