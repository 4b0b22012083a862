"""`envctl report`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run

STDOUT = "-"


def report(
    context: typer.Context,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; - is stdout.")
    ] = "report.html",
) -> None:
    """Write a page to look at: the pipeline, releases, gates, deployments, drift and the last plans. It is one file,
    which loads nothing.
    """
    from envctl.usecases.inspect.report import report as use

    refuse_dry_run(context)
    if output != STDOUT:
        from envctl.cli.output.report_file import written

        answer(context, lambda ports: written(use(ports), Path(output)))
    if context.obj.json:
        answer(context, use)
    _print(context)


def _print(context: typer.Context) -> None:
    from envctl.cli.render.html.page import page
    from envctl.cli.wiring.container import wire
    from envctl.usecases.inspect.report import report as use

    with wire(context.obj) as wired:
        text = page(use(wired))
    sys.stdout.write(text)
    sys.stdout.flush()


def register(app: typer.Typer) -> None:
    app.command(short_help="Write a page to look at: one file, without a script.")(report)
