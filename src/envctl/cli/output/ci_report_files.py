"""The files of `--junit` and `--sarif`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.adapters.disk.writing import write_text
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current
from envctl.cli.render.ci_reports.junit import junit
from envctl.cli.render.ci_reports.sarif import sarif
from envctl.cli.render.ci_reports.verdicts import verdicts

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError


def write(options: Options, command: str, result: object | None, error: "EnvctlError | None") -> None:
    """Where one can't be written the command has still done what it has done: it is said, and the exit code stays."""
    found = verdicts(command, result, error)
    for file, text in ((options.junit, junit), (options.sarif, sarif)):
        if file is not None:
            _write(file, text(found))


def _write(file: Path, text: str) -> None:
    try:
        write_text(file, current().redact(text))
    except OSError as error:
        sys.stderr.write(f"{file} can't be written: {error.strerror or error}\n")
