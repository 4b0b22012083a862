"""`envctl status [ENV …] [--watch | --max-drift-age DURATION]`."""

import contextlib
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from envctl.cli.boundary import only_look, print_json_line, run_partial_use_case, to_command_name
from envctl.cli.options.arguments import Environments
from envctl.domain.command_lines import format_command

if TYPE_CHECKING:
    from envctl.cli.render.console.inspect.watch import JsonLines, StatusLog, StatusScreen
    from envctl.domain.errors import EnvctlError
    from envctl.usecases.inspect.status import Status
    from envctl.usecases.ports.core import Ports

INTERVAL = 5


def status(
    context: typer.Context,
    environments: Environments = None,
    *,
    watched: Annotated[bool, typer.Option("--watch", help="Refresh until Ctrl-C.")] = False,
    interval: Annotated[
        int | None,
        typer.Option(metavar="SECONDS", min=1, help=f"Time between refreshes. Default: {INTERVAL}."),
    ] = None,
    max_drift_age: Annotated[
        str | None,
        typer.Option(
            metavar="DURATION",
            help="Exit code 1 if an environment that runs a release had no drift check for longer, such as 26h.",
        ),
    ] = None,
) -> None:
    """Show the pipeline: release, time, author and verification of each environment, and how far it is behind."""
    only_look(context)
    _check_options(context, interval, watched=watched)
    longest = None if max_drift_age is None else _parse_age(max_drift_age, watched=watched)
    if watched:
        _watch_status(context, environments or (), interval or INTERVAL)

    def use(ports: "Ports") -> "tuple[Status, EnvctlError | None]":
        from envctl.usecases.inspect.status import check_drift_age, load_status

        status = load_status(ports, environments or ())
        return status, check_drift_age(status, longest) if longest else None

    run_partial_use_case(context, use)


def _watch_status(context: typer.Context, environments: Sequence[str], interval: int) -> NoReturn:
    """Show the status repeatedly, until an interruption: its regular end."""
    from envctl.cli.output.watch_loop import interval_sleep, show_changes
    from envctl.cli.render.console.inspect.watch import StatusScreen, always_changed, has_changed
    from envctl.cli.wiring.container import open_ports
    from envctl.usecases.inspect.status import load_status as use

    view = _choose_view(context, interval)
    with (
        contextlib.suppress(KeyboardInterrupt),
        contextlib.closing(view) if isinstance(view, StatusScreen) else contextlib.nullcontext(),
        open_ports(context.obj) as wired,
        interval_sleep(interval) as sleep,
    ):
        in_place = isinstance(view, StatusScreen)
        show_changes(
            lambda: use(wired, environments),
            view.show_observation,
            sleep=sleep,
            changed=always_changed if in_place else has_changed,
            now=wired.clock.now,
        )
    raise typer.Exit(0)


def _choose_view(context: typer.Context, interval: int) -> "StatusScreen | StatusLog | JsonLines":
    from envctl.cli.output.consoles import create_console
    from envctl.cli.render.console.inspect.watch import JsonLines, StatusLog, StatusScreen

    options = context.obj
    if options.json:
        return JsonLines(lambda result, error: print_json_line(options, to_command_name(context), result, error))
    out = create_console(options)
    if sys.stdout.isatty() and not out.is_dumb_terminal:
        return StatusScreen(out, interval)
    return StatusLog(out, create_console(options, stderr=True))


def _check_options(context: typer.Context, interval: int | None, *, watched: bool) -> None:
    from envctl.domain.errors import Problem, UsageError

    if interval is not None and not watched:
        hint = format_command("status", watch=True)
        raise UsageError(Problem("E019", "--interval can only be used with --watch", hint))
    if watched and context.obj.markdown:
        message = "--watch and --markdown can't be combined"
        raise UsageError(Problem("E019", message, format_command("status", markdown=True)))


def _parse_age(text: str, *, watched: bool) -> timedelta:
    from envctl.domain.errors import Problem, UsageError
    from envctl.domain.text.durations import parse_duration

    if watched:
        message = "--watch and --max-drift-age can't be combined"
        raise UsageError(Problem("E019", message, format_command("status", max_drift_age=text)))
    try:
        return parse_duration(text)
    except ValueError as error:
        hint = format_command("status", max_drift_age="26h")
        raise UsageError(Problem("E019", f"--max-drift-age {error}", hint)) from None
