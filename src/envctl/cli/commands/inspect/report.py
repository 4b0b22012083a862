"""`envctl report`."""

from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import only_look, print_text, refuse_dry_run, run_use_case


def report(
    context: typer.Context,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="The file to write; - is stdout.")
    ] = "report.html",
) -> None:
    """Write an HTML report: the pipeline, releases, gates, deployments, drift and the last plans. It is one file, and
    loads no other.
    """
    from envctl.usecases.inspect.report import build_report as use

    refuse_dry_run(context)
    only_look(context)
    if output != "-":
        from envctl.cli.output.report_file import write_report_file

        run_use_case(context, lambda ports: write_report_file(use(ports), Path(output)))
    if context.obj.json:
        run_use_case(context, use)
    from envctl.cli.render.html.page import render_report
    from envctl.cli.wiring.container import open_ports

    with open_ports(context.obj) as wired:
        text = render_report(use(wired))
    print_text(text)
