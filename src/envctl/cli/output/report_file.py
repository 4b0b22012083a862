"""The file of `envctl report`."""

from pathlib import Path

from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.workspace import atomic
from envctl.cli.output.redaction import current_redaction
from envctl.cli.render.html.page import render_report
from envctl.cli.results import ReportFile
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.inspect.report import Report

HINT = f"use another file: {format_command('report', output='FILE')}"


def write_report_file(report: Report, path: Path) -> ReportFile:
    """Write the report atomically. Raises OperationFailedError."""
    data = render_report(current_redaction().redact_all(report)).encode()
    # Replace the target of a symbolic link, not the link.
    try:
        target = resolve_path(path)
    except OSError as error:
        raise OperationFailedError(Problem("E412", f"{path} can't be written: {error.strerror}", HINT)) from error
    if target.exists() and not target.is_file():
        raise OperationFailedError(Problem("E412", f"{path} can't be written: it is not a file", HINT))
    try:
        atomic.write_atomically(target, data)
    except OperationFailedError as error:
        raise OperationFailedError(Problem("E412", error.problems[0].message, HINT)) from error
    counts = (len(report.status.environments), len(report.releases), len(report.timeline.deployments))
    return ReportFile(str(path), len(data), *counts)
