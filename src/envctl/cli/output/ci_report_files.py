"""The report files of `--junit` and `--sarif`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.adapters.disk.files import write_text
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current_redaction
from envctl.cli.render.ci_reports.junit import render_junit
from envctl.cli.render.ci_reports.sarif import render_sarif
from envctl.cli.render.ci_reports.verdicts import collect_verdicts

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError


def write_ci_reports(options: Options, command: str, result: object | None, error: "EnvctlError | None") -> None:
    """Write the requested report files. A failed write is reported on stderr; the exit code stays."""
    outcomes = collect_verdicts(command, result, error)
    for file, render in ((options.junit, render_junit), (options.sarif, render_sarif)):
        if file is not None:
            write_report(file, render(outcomes))


def write_report(file: Path, text: str) -> None:
    """Write a redacted text. A failed write is reported on stderr."""
    try:
        write_text(file, current_redaction().redact(text))
    except OSError as error:
        sys.stderr.write(f"{file} can't be written: {error.strerror or error}\n")
