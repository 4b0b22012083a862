"""Conversion of any exception to an EnvctlError with a readable message. Imported only after a failure."""

import sys
import traceback
from datetime import UTC, datetime

from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current_redaction
from envctl.domain.errors import EnvctlError, Problem, UnexpectedError, UsageError


def to_envctl_error(error: Exception, options: Options) -> EnvctlError:
    """Return the error with a code and a hint. Unexpected errors are bugs: write a log file for them."""
    if isinstance(error, EnvctlError):
        return error
    if isinstance(error, OSError):
        from envctl.adapters.disk.faults import to_disk_error

        if (machine_error := to_disk_error(error)) is not None:
            return machine_error
    if hasattr(error, "format_message"):
        # Typer's own usage errors: their class belongs to click, possibly a copy inside typer.
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "envctl"
        return UsageError(Problem("E000", error.format_message(), f"{command} --help"))
    return _report_bug(error, options)


def _report_bug(error: Exception, options: Options) -> EnvctlError:
    text = current_redaction().redact_message("".join(traceback.format_exception(error)))
    file = options.project / ".envctl" / "logs" / f"bug-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    hint = f"the details are in {file}: please report them"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    except OSError:
        hint = "run it again with --debug for the details, and please report them"
    if options.debug:
        sys.stderr.write(text)
    return UnexpectedError(Problem("E070", f"a bug of envctl: {type(error).__name__}", hint))
