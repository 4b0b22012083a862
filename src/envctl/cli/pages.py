"""A report as a file."""

from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.disk.places import real_path
from envctl.adapters.workspace import atomic
from envctl.cli.redacting import current
from envctl.cli.render.html.page import page
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.inspect.report import Report

HINT = "name another file: envctl report --output FILE"


@dataclass(frozen=True)
class ReportWritten:
    """`size` is in bytes; the rest counts what is shown."""

    path: str
    size: int
    environments: int
    releases: int
    deployments: int


def written(report: Report, path: Path) -> ReportWritten:
    """Whole or not at all. Raises OperationFailedError."""
    data = page(current().redact_all(report)).encode()
    # What a link leads to is replaced, and not the link.
    try:
        target = real_path(path)
    except OSError as error:
        raise OperationFailedError(Problem("E412", f"{path} can't be written: {error.strerror}", HINT)) from error
    if target.exists() and not target.is_file():
        raise OperationFailedError(Problem("E412", f"{path} can't be written: it is not a file", HINT))
    try:
        atomic.write(target, data)
    except OperationFailedError as error:
        raise OperationFailedError(Problem("E412", error.problems[0].message, HINT)) from error
    shown = (len(report.status.environments), len(report.releases), len(report.timeline.deployments))
    return ReportWritten(str(path), len(data), *shown)
