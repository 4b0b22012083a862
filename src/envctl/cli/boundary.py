"""The one place where results and errors become output and an exit code."""

import contextlib
import io
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import typer

from envctl.cli.ci import job_of
from envctl.cli.options.global_options import Options, named
from envctl.cli.output.redaction import current, is_asked_for, redacting, unredacted
from envctl.cli.render.terminal.next_commands import IN_SANDBOX

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.usecases.ports.core import Ports

# As it was when the command began: the sandbox changes it for all that runs in it.
SURROUNDINGS: ContextVar[Mapping[str, str]] = ContextVar("SURROUNDINGS", default=os.environ)


def answer(
    context: typer.Context,
    call: "Callable[[Ports], object]",
    exit_code: Callable[[object], int] = lambda _: 0,
) -> NoReturn:
    """Runs a use case, renders what comes of it, and ends the command with its exit code."""
    from envctl.cli.wiring.container import wire

    options: Options = context.obj
    with wire(options) as wired:
        result = call(wired)
    _end(options, command_of(context), result, exit_code(result))


def answer_in_part(
    context: typer.Context,
    call: "Callable[[Ports], tuple[object, EnvctlError | None]]",
    exit_code: Callable[[object], int] = lambda _: 0,
) -> NoReturn:
    """As `answer`, for a use case that gives what it could find out together with what went wrong elsewhere."""
    from envctl.cli.wiring.container import wire

    options: Options = context.obj
    with wire(options) as wired:
        result, error = call(wired)
    _end(options, command_of(context), result, int(error.exit_code) if error else exit_code(result), error)


def command_of(context: typer.Context) -> str:
    return context.command_path.removeprefix("envctl ").strip()


def _end(options: Options, command: str, result: object, code: int, error: "EnvctlError | None" = None) -> NoReturn:
    # Before anything is drawn: what is drawn may be escaped, cut or torn.
    current().redact_error(error)
    result = result if is_asked_for(result) else current().redact_all(result)
    try:
        show(options, command, result, code, error)
    except BrokenPipeError:
        # The reader (head, less) has gone. What was done is done, and the exit code says it.
        _forget_output()
    raise typer.Exit(_leave_behind(options, command, result, code, error or _told_within(result, code)))


def _leave_behind(
    options: Options, command: str, result: object | None, code: int, error: "EnvctlError | None" = None
) -> int:
    """What others read than who has typed the command: files, and the job that it runs in. Gives the exit code: who is
    promised a comment that can't be written is not told that all went well.
    """
    if options.junit or options.sarif:
        from envctl.cli.output.ci_report_files import write

        write(options, command, result, error)
    if file := SURROUNDINGS.get().get("ENVCTL_DOTENV"):
        from envctl.cli.ci.dotenv import leave

        leave(Path(file), result, error, code)
    if (job := job_of(options, SURROUNDINGS.get())) is None:
        return code
    from envctl.domain.errors import EnvctlError, ExitCode

    try:
        job.ended(command, result, error, code)
    except EnvctlError as untold:
        from envctl.cli.output.consoles import stderr
        from envctl.cli.render.console.errors import show_error

        show_error(untold, stderr(options))
        return int(untold.exit_code) if code in (ExitCode.DONE, ExitCode.CHANGES) else code
    return code


def demand_somebody_to_tell(context: typer.Context) -> None:
    """Before anything is done: whom `--comment` or `--issues` are for has to be there."""
    if (job := job_of(context.obj, SURROUNDINGS.get())) is not None:
        job.demand_forge()
        return
    from envctl.domain.errors import Problem, UsageError

    message = "--comment and --issues are for jobs of GitHub Actions and GitLab CI, and this is none"
    raise UsageError(Problem("E037", message, "leave them out, and --no-ci as well"))


def show(options: Options, command: str, result: object, code: int, error: "EnvctlError | None" = None) -> None:
    """The result on stdout, and what went wrong beside it on stderr; a document holds both."""
    if options.json:
        from envctl.cli.render.json.document import envelope

        document = envelope(command, result, error or _told_within(result, code), code, sandbox=options.sandbox)
        _print_json(document, asked_for=is_asked_for(result))
        return
    _show(options, result)
    if error is not None:
        from envctl.cli.output.consoles import stderr
        from envctl.cli.render.console.errors import show_error

        sys.stdout.flush()
        show_error(error, stderr(options))


def _told_within(result: object, code: int) -> "EnvctlError | None":
    """What people read within a result that is not whole, a script finds where all problems are."""
    from envctl.domain.errors import EnvctlError, ExitCode

    if code in (ExitCode.DONE, ExitCode.CHANGES):
        return None
    return EnvctlError(*getattr(result, "problems", ()))


def _show(options: Options, result: object) -> None:
    if options.markdown:
        from envctl.cli.render.markdown import show as in_markdown

        _print(in_markdown(result))
        return
    from envctl.cli.render.console.one_line import line

    if (text := line(result)) is not None:
        out = unredacted(sys.stdout) if is_asked_for(result) else sys.stdout
        out.write(f"{text}\n")
        return
    from envctl.cli.output.consoles import stdout
    from envctl.cli.render.console.any_result import show as render

    render(result, stdout(options))


def print_line(options: Options, command: str, result: object | None, error: "EnvctlError | None") -> None:
    """One of many documents, each on a line of its own."""
    from envctl.cli.render.json.document import envelope

    code = int(error.exit_code) if error else 0
    current().redact_error(error)
    result = current().redact_all(result)
    _print_json(envelope(command, result, error, code, sandbox=options.sandbox), indent=None)


def refuse_dry_run(context: typer.Context) -> None:
    """For commands that change something and have nothing to explain beforehand."""
    if context.obj.dry_run:
        from envctl.domain.errors import Problem, UsageError

        raise UsageError(Problem("E006", f"{context.info_name} has no dry run", "leave --dry-run out"))


def show_help(context: typer.Context) -> NoReturn:
    """For a command that was named without what it should do. A machine did not ask to be told how to."""
    if context.obj.json:
        from envctl.domain.errors import Problem, UsageError

        raise UsageError(Problem("E000", "Missing command.", f"{context.command_path} --help"))
    typer.echo(context.get_help())
    raise typer.Exit


def show_version(context: typer.Context) -> NoReturn:
    from envctl import __version__

    if context.obj.json:
        from envctl.cli.result_types import Version

        show(context.obj, "--version", Version(__version__), 0)
    else:
        typer.echo(f"envctl {__version__}")
    raise typer.Exit


def guarded(command: Callable[[], object], words: Sequence[str]) -> int:
    """Runs a command line; whatever goes wrong becomes a message and an exit code, never a traceback."""
    options = _options(words)
    IN_SANDBOX.set(options.sandbox)
    SURROUNDINGS.set(dict(os.environ))
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows no arrows gets them spelt out, rather than a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _terminated)
    with redacting():
        return _run(command, options, words)


def _run(command: Callable[[], object], options: Options, words: Sequence[str]) -> int:
    try:
        code = command()
    except BrokenPipeError:
        _forget_output()
        return 1
    except (KeyboardInterrupt, typer.Abort):
        from envctl.cli.failures import interrupted_error

        return _failed(options, words, interrupted_error())
    except Exception as error:  # noqa: BLE001 (this is the boundary)
        if isinstance(error, OSError):
            _forget_full_output()
        from envctl.cli.failures import to_envctl_error

        return _failed(options, words, to_envctl_error(error, options))
    return code if isinstance(code, int) else 0


def _terminated(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _options(words: Sequence[str]) -> Options:
    """What is known of the options before, or although, the command line can't be parsed."""
    words = words[: words.index("--")] if "--" in words else words
    flags = set(words)
    junit, sarif = (Path(told) if (told := _said(words, name)) else None for name in ("--junit", "--sarif"))
    return Options(
        Path(_said(words, "--project")),
        json="--json" in flags,
        no_color="--no-color" in flags,
        debug="--debug" in flags,
        sandbox="--sandbox" in flags,
        markdown="--markdown" in flags,
        no_ci="--no-ci" in flags,
        junit=junit,
        sarif=sarif,
        comment="--comment" in flags,
        issues="--issues" in flags,
    )


def _said(words: Sequence[str], name: str) -> str:
    """The value of an option, the last one where it is there more than once; empty where it is not."""
    apart = [value for flag, value in pairwise(words) if flag == name]
    joined = [word.partition("=")[2] for word in words if word.startswith(f"{name}=")]
    return ["", *apart, *joined][-1]


def _failed(options: Options, words: Sequence[str], error: "EnvctlError") -> int:
    code = int(error.exit_code)
    current().redact_error(error)
    with contextlib.suppress(BrokenPipeError):
        if not (options.json and _print_failure(options, words, error)):
            from envctl.cli.output.consoles import stderr
            from envctl.cli.render.console.errors import show_error

            show_error(error, stderr(options))
            if options.markdown:
                _summarise(error)
        return _leave_behind(options, named(words), None, code, error)
    return code


def _print_failure(options: Options, words: Sequence[str], error: "EnvctlError") -> bool:
    """As a document on stdout; False where what stdout is sent to takes no more."""
    from envctl.cli.render.json.document import envelope

    try:
        _print_json(envelope(named(words), None, error, int(error.exit_code), sandbox=options.sandbox))
    except BrokenPipeError:
        raise
    except OSError:
        _forget_output()
        return False
    return True


def _summarise(error: "EnvctlError") -> None:
    """What went wrong is a result too for who reads the summary of a job, and not its log."""
    from datetime import UTC, datetime

    from envctl.cli.render.markdown import show_error

    _print(show_error(error, datetime.now(UTC)))


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _print_json(document: dict[str, object], indent: int | None = 2, *, asked_for: bool = False) -> None:
    import json

    # JSON is UTF-8. On a stream that is not, every other character is escaped, which any reader understands.
    escaped = (sys.stdout.encoding or "").lower().replace("_", "-") not in {"utf-8", "utf8"}
    text = json.dumps(document, ensure_ascii=escaped, indent=indent)
    out = unredacted(sys.stdout)
    out.write((text if asked_for else current().redact_json(text)) + "\n")
    out.flush()


def _forget_full_output() -> None:
    try:
        sys.stdout.flush()
    except OSError:
        # What stdout is sent to takes no more. The interpreter would say so once more when it ends.
        _forget_output()


def _forget_output() -> None:
    """Keeps the interpreter from complaining about the closed pipe when it ends."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
