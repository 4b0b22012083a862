"""The outcome of a command beside its output: reports, variables, and what the CI job publishes."""

import os
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from envctl.cli.ci import detect_job
from envctl.cli.options.global_options import Options
from envctl.cli.options.wait_ok import is_wait_ok

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError

# The process environment at the start of the command: the sandbox replaces os.environ later.
PROCESS_ENVIRONMENT: ContextVar[Mapping[str, str]] = ContextVar("PROCESS_ENVIRONMENT", default=os.environ)


def to_process_code(code: int, error: "EnvctlError | None") -> int:
    """Return the exit code of the process. With `--wait-ok`, a refusal for now is 0; documents and outputs keep 4."""
    return 0 if is_wait_ok(code, error) else code


def publish_outcome(
    options: Options, command: str, result: object | None, code: int, error: "EnvctlError | None" = None
) -> int:
    """Write report and dotenv files, and publish the result to the CI job. Return the exit code of the command: a
    failure if a requested comment or issue could not be written, except after a deployment, which is done all the same.
    """
    if options.junit or options.sarif:
        from envctl.cli.output.ci_report_files import write_ci_reports

        write_ci_reports(options, command, result, error)
    if file := PROCESS_ENVIRONMENT.get().get("ENVCTL_DOTENV"):
        from envctl.cli.ci.outcome import update_dotenv_file

        update_dotenv_file(Path(file), result, error, code)
    if (job := detect_job(options, PROCESS_ENVIRONMENT.get())) is None:
        return code
    from envctl.cli.command_table import find_result_type
    from envctl.domain.errors import EnvctlError
    from envctl.domain.exit_codes import ExitCode

    try:
        job.publish_result(command, result, error, code)
    except Exception as fault:  # noqa: BLE001 (a bug here must not hide what the command has done)
        from envctl.cli.failures import to_envctl_error

        failure = fault if isinstance(fault, EnvctlError) else to_envctl_error(fault, options, ())
        print_error(options, failure)
        row = find_result_type(result)
        kept = code != ExitCode.DONE or (row is not None and row.is_done)
        job.annotate_failure(failure, is_warning=kept)
        return code if kept else int(failure.exit_code)
    return code


def print_error(options: Options, error: "EnvctlError") -> None:
    from envctl.cli.output.consoles import create_console
    from envctl.cli.render.console.errors import show_error

    show_error(error, create_console(options, stderr=True))
