"""A report as a file."""

from pathlib import Path

from envctl.adapters.disk.paths import real_path
from envctl.adapters.workspace import atomic
from envctl.cli.output.redaction import current
from envctl.cli.render.html.page import page
from envctl.cli.results import ReportWritten
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.inspect.report import Report

HINT = "name another file: envctl report --output FILE"


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
