"""What goes wrong, of whatever kind, as an error that a person can read. Loaded only once something has gone wrong."""

import sys
import traceback
from datetime import UTC, datetime

from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem, UnexpectedError, UsageError


def to_envctl_error(error: Exception, options: Options) -> EnvctlError:
    """Return the error as one with a code and a hint. One that nothing expects is a bug: its log file is written."""
    if isinstance(error, EnvctlError):
        return error
    if isinstance(error, OSError):
        from envctl.adapters.disk.faults import of_machine

        if (refused := of_machine(error)) is not None:
            return refused
    if hasattr(error, "format_message"):
        # Typer's own usage errors. Their class belongs to a library that typer may carry inside.
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "envctl"
        return UsageError(Problem("E000", error.format_message(), f"{command} --help"))
    return _report_bug(error, options)


def interrupted_error() -> EnvctlError:
    return InterruptedByUserError(Problem("E312", "interrupted", "envctl status shows where things stand"))


def _report_bug(error: Exception, options: Options) -> EnvctlError:
    text = current().redact_message("".join(traceback.format_exception(error)))
    file = options.project / ".envctl" / "logs" / f"bug-{datetime.now(UTC):%Y%m%dT%H%M%S}.log"
    kept = f"the details are in {file}: please report them"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    except OSError:
        kept = "run it again with --debug for the details, and please report them"
    if options.debug:
        sys.stderr.write(text)
    return UnexpectedError(Problem("E070", f"a bug of envctl: {type(error).__name__}", kept))
