"""The boundary of a command: turns results and errors into output and an exit code."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from envctl.cli.ci import detect_job
from envctl.cli.options.global_options import Options, find_command_name, find_positional_words, is_sandbox_asked
from envctl.cli.options.wait_ok import WAIT_OK
from envctl.cli.outcome_report import PROCESS_ENVIRONMENT, print_error, publish_outcome, to_process_code
from envctl.cli.output.redaction import current_redaction, is_single_output, redact_output, unwrap_stream
from envctl.cli.project_folder import choose_project_folder, remember_path_to_project
from envctl.cli.render.text.detail import SHOW_FULL_PLANS
from envctl.cli.render.text.next_commands import IN_SANDBOX
from envctl.domain.command_lines import format_command

if TYPE_CHECKING:
    import typer

    from envctl.domain.errors import EnvctlError
    from envctl.usecases.ports.core import Ports


class CommandContext(Protocol):
    """What a command needs of the context of Typer. `obj` is its Options."""

    obj: Any

    @property
    def command_path(self) -> str: ...


class CommandEnd(Exception):  # noqa: N818 (no error)
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def run_use_case(
    context: CommandContext, call: "Callable[[Ports], object]", exit_code: Callable[[object], int] = lambda _: 0
) -> NoReturn:
    """Run a use case, render its result, and end the command with its exit code."""
    run_partial_use_case(context, lambda ports: (call(ports), None), exit_code)


def run_partial_use_case(
    context: CommandContext,
    call: "Callable[[Ports], tuple[object, EnvctlError | None]]",
    exit_code: Callable[[object], int] = lambda _: 0,
) -> NoReturn:
    """Do as `run_use_case`, for a use case with a partial result: it returns its findings and an error, if any."""
    from envctl.cli.wiring.container import open_ports

    options: Options = context.obj
    with open_ports(options) as wired:
        result, error = call(wired)
    code = int(error.exit_code) if error else exit_code(result)
    _finish_command(options, to_command_name(context), result, code, error)


def only_look(context: CommandContext) -> None:
    """Let the command take the `look_role` of an environment: it only looks."""
    context.obj = replace(context.obj, look=True)


def keep_results(context: CommandContext, folder: Path | None) -> None:
    """Let the command keep the documents of a run in this folder."""
    context.obj = replace(context.obj, results=folder)


def change_only(context: CommandContext, environment: str) -> None:
    """Let the command take the `assume_role` of one environment. In the others it takes the `look_role`."""
    context.obj = replace(context.obj, changes_only=environment)


def to_command_name(context: CommandContext) -> str:
    return context.command_path.removeprefix("envctl ").strip()


def _finish_command(
    options: Options, command: str, result: object, code: int, error: "EnvctlError | None" = None
) -> NoReturn:
    # Redact before rendering: rendered text may be escaped, cut or wrapped.
    current_redaction().redact_error(error)
    result = result if is_single_output(result) else current_redaction().redact_all(result)
    try:
        show_result(options, command, result, code, error)
    except BrokenPipeError:
        # The reader (head, less) has closed the pipe. The exit code still tells the outcome.
        _discard_stdout()
    problems = error or _extract_problems(result, code)
    raise CommandEnd(to_process_code(publish_outcome(options, command, result, code, problems), problems))


def require_ci_job(context: CommandContext) -> None:
    """Check that `--comment` and `--issues` can be served by a CI job. Raises UsageError before any work is done."""
    if (job := detect_job(context.obj, PROCESS_ENVIRONMENT.get())) is not None:
        job.require_forge()
        return
    from envctl.domain.errors import Problem, UsageError

    message = "--comment and --issues work only in jobs of GitHub Actions and GitLab CI"
    raise UsageError(Problem("E037", message, "leave them out, and --no-ci as well"))


def show_result(options: Options, command: str, result: object, code: int, error: "EnvctlError | None" = None) -> None:
    """Print the result on stdout and the error on stderr; with `--json`, print one document with both."""
    if options.json:
        from envctl.cli.render.json.document import build_envelope

        problems = error or _extract_problems(result, code)
        document = build_envelope(command, result, problems, code, sandbox=options.sandbox)
        _print_json(document, asked_for=is_single_output(result))
        return
    _show_text(options, result)
    if error is not None:
        sys.stdout.flush()
        print_error(options, error)


def _extract_problems(result: object, code: int) -> "EnvctlError | None":
    """Return the problems of a partial result as an error; None if the exit code means success."""
    from envctl.domain.errors import EnvctlError
    from envctl.domain.exit_codes import ExitCode

    if code in (ExitCode.DONE, ExitCode.CHANGES):
        return None
    if code in (ExitCode.REFUSED, ExitCode.REFUSED_FOR_NOW) and (refusals := getattr(result, "refusals", ())):
        from envctl.domain.guards import RefusedError

        return RefusedError(refusals)
    return EnvctlError(*getattr(result, "problems", ()))


def _show_text(options: Options, result: object) -> None:
    if options.markdown:
        from envctl.cli.ci.result_views import render_markdown

        print_text(render_markdown(result))
        return
    from envctl.cli.render.words.one_line import render_one_line

    if (text := render_one_line(result)) is not None:
        out = unwrap_stream(sys.stdout) if is_single_output(result) else sys.stdout
        out.write(f"{text}\n")
        return
    from envctl.cli.output.consoles import create_console
    from envctl.cli.render.console.any_result import render_result as render

    render(result, create_console(options))


def print_json_line(options: Options, command: str, result: object | None, error: "EnvctlError | None") -> None:
    """Print a document of a sequence, on one line."""
    from envctl.cli.render.json.document import build_envelope

    code = int(error.exit_code) if error else 0
    current_redaction().redact_error(error)
    result = current_redaction().redact_all(result)
    _print_json(build_envelope(command, result, error, code, sandbox=options.sandbox), indent=None)


def refuse_dry_run(context: "typer.Context") -> None:
    """Raise UsageError with `--dry-run`, for commands without a dry run."""
    if context.obj.dry_run:
        from envctl.domain.errors import Problem, UsageError

        raise UsageError(Problem("E006", f"{context.info_name} has no dry run", "leave --dry-run out"))


def show_version(context: CommandContext) -> NoReturn:
    from envctl import __version__
    from envctl.cli.results import Version

    show_result(context.obj, "--version", Version(__version__), 0)
    raise CommandEnd(0)


def run_guarded(command: Callable[[], object], words: Sequence[str]) -> int:
    """Run a command line with redacted output. Every error becomes a message and an exit code, never a traceback."""
    options = _scan_options(words)
    IN_SANDBOX.set(options.sandbox)
    remember_path_to_project(options.project, given=bool(_find_value(words, "--project")))
    PROCESS_ENVIRONMENT.set(dict(os.environ))
    WAIT_OK.set(False)
    SHOW_FULL_PLANS.set(False)
    for stream in (sys.stdout, sys.stderr):
        # A terminal without the characters (arrows, for example) gets escapes instead of a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _raise_interrupt)
    with _guard_job_log(options), redact_output():
        return _run_to_exit_code(command, options, words)


def _guard_job_log(options: Options) -> contextlib.AbstractContextManager[None]:
    if "true" not in (os.environ.get("GITHUB_ACTIONS"), os.environ.get("GITLAB_CI")):
        return contextlib.nullcontext()
    from envctl.cli.output.job_log import guard_job_log

    return guard_job_log(os.environ, has_commands=not options.no_ci)


def _run_to_exit_code(command: Callable[[], object], options: Options, words: Sequence[str]) -> int:
    try:
        code = command()
    except CommandEnd as end:
        return end.code
    except BrokenPipeError:
        _discard_stdout()
        return 1
    except KeyboardInterrupt:
        from envctl.domain.errors import InterruptedByUserError, Problem

        problem = Problem("E312", "interrupted", format_command("status"))
        return _report_failure(options, words, InterruptedByUserError(problem))
    except Exception as error:  # noqa: BLE001 (this is the boundary)
        if isinstance(error, OSError):
            try:
                sys.stdout.flush()
            except OSError:
                # The target of stdout is full. The interpreter would complain again at its end.
                _discard_stdout()
        from envctl.cli.failures import to_envctl_error

        return _report_failure(options, words, to_envctl_error(error, options, words))
    return code if isinstance(code, int) else 0


def _raise_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _scan_options(words: Sequence[str]) -> Options:
    """Scan the words for global options, without parsing: an invalid command line needs them too."""
    words = words[: words.index("--")] if "--" in words else words
    flags = set(words)
    junit, sarif = (Path(file) if (file := _find_value(words, name)) else None for name in ("--junit", "--sarif"))
    given = _find_value(words, "--project")
    return Options(
        # Without the table of all commands: every command line comes here.
        project=choose_project_folder(Path(given) if given else None, next(find_positional_words(words), "")),
        json="--json" in flags,
        no_color="--no-color" in flags,
        debug="--debug" in flags,
        sandbox="--sandbox" in flags or is_sandbox_asked(os.environ),
        markdown="--markdown" in flags,
        no_ci="--no-ci" in flags,
        junit=junit,
        sarif=sarif,
        comment="--comment" in flags,
        issues="--issues" in flags,
    )


def _find_value(words: Sequence[str], name: str) -> str:
    """Return the value of an option, the last one of several; empty if the option is absent."""
    separate = [value for flag, value in pairwise(words) if flag == name]
    joined = [word.partition("=")[2] for word in words if word.startswith(f"{name}=")]
    return ["", *separate, *joined][-1]


def _report_failure(options: Options, words: Sequence[str], error: "EnvctlError") -> int:
    code = int(error.exit_code)
    current_redaction().redact_error(error)
    with contextlib.suppress(BrokenPipeError):
        if not (options.json and _print_json_error(options, words, error)):
            print_error(options, error)
            from envctl.cli.failures import find_sandbox_hint

            if hint := find_sandbox_hint(error, options, words):
                from envctl.cli.output.consoles import create_console
                from envctl.cli.render.terminal.text import print_hint

                print_hint(create_console(options, stderr=True), hint)
            if options.markdown:
                # Readers of a job summary do not see its log.
                from envctl.cli.ci.result_views import render_markdown

                print_text(render_markdown(None, error))
        return to_process_code(publish_outcome(options, find_command_name(words), None, code, error), error)
    return to_process_code(code, error)


def _print_json_error(options: Options, words: Sequence[str], error: "EnvctlError") -> bool:
    """Print the error as a document; return False if stdout can take no more (full disk)."""
    from envctl.cli.render.json.document import build_envelope

    try:
        code = int(error.exit_code)
        _print_json(build_envelope(find_command_name(words), None, error, code, sandbox=options.sandbox))
    except BrokenPipeError:
        raise
    except OSError:
        _discard_stdout()
        return False
    return True


def print_text(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _print_json(document: dict[str, object], indent: int | None = 2, *, asked_for: bool = False) -> None:
    import json

    # JSON is UTF-8. On other streams all non-ASCII characters are escaped: valid JSON in any encoding.
    escaped = (sys.stdout.encoding or "").lower().replace("_", "-") not in {"utf-8", "utf8"}
    text = json.dumps(document, ensure_ascii=escaped, indent=indent)
    out = unwrap_stream(sys.stdout)
    out.write((text if asked_for else current_redaction().redact_json(text)) + "\n")
    out.flush()


def _discard_stdout() -> None:
    """Redirect stdout to /dev/null: at its end the interpreter would complain about the closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
