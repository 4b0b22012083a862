"""`envctl status`, once or watched."""

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from envctl.cli.boundary import answer, command_of, print_line

if TYPE_CHECKING:
    from envctl.cli.render.console.inspect.watch import Lines, Log, Screen

INTERVAL = 5


def status(
    context: typer.Context,
    *,
    watched: Annotated[bool, typer.Option("--watch", help="Look again and again, until Ctrl-C.")] = False,
    interval: Annotated[
        int | None,
        typer.Option("--interval", metavar="SECONDS", min=1, help=f"How often to look. Default: {INTERVAL}."),
    ] = None,
) -> None:
    """Show the pipeline: what runs where, since when, by whom, what proves it, and how far each environment lags."""
    from envctl.usecases.inspect.status import status as use

    _refuse_what_does_not_fit(context, interval, watched=watched)
    if watched:
        _watch(context, interval or INTERVAL)
    answer(context, use)


def _watch(context: typer.Context, interval: int) -> NoReturn:
    """Until it is stopped, which is its usual end."""
    from envctl.cli.output.watch_loop import pauses, watch
    from envctl.cli.render.console.inspect.watch import Screen, always, changed
    from envctl.cli.wiring.container import wire
    from envctl.usecases.inspect.status import status as use

    view = _view(context, interval)
    with (
        contextlib.suppress(KeyboardInterrupt),
        contextlib.closing(view),
        wire(context.obj) as wired,
        pauses(interval) as sleep,
    ):
        in_place = isinstance(view, Screen)
        watch(
            lambda: use(wired),
            view.show,
            sleep=sleep,
            changed=always if in_place else changed,
            now=wired.clock.now,
        )
    raise typer.Exit(0)


def _view(context: typer.Context, interval: int) -> "Screen | Log | Lines":
    from envctl.cli.output.consoles import stderr, stdout
    from envctl.cli.render.console.inspect.watch import Lines, Log, Screen

    options = context.obj
    if options.json:
        return Lines(lambda what, error: print_line(options, command_of(context), what, error))
    out = stdout(options)
    if sys.stdout.isatty() and not out.is_dumb_terminal:
        return Screen(out, interval)
    return Log(out, stderr(options))


def _refuse_what_does_not_fit(context: typer.Context, interval: int | None, *, watched: bool) -> None:
    from envctl.domain.errors import Problem, UsageError

    if interval is not None and not watched:
        raise UsageError(Problem("E019", "--interval is for --watch alone", "envctl status --watch"))
    if watched and context.obj.markdown:
        message = "--watch has no --markdown: nobody could read it before its end"
        raise UsageError(Problem("E019", message, "envctl status --markdown"))


def register(app: typer.Typer) -> None:
    app.command(short_help="Show what runs where, and what to do next.")(status)
