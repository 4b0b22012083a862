"""`envctl status`."""

import typer

from envctl.cli.boundary import answer


def status(context: typer.Context) -> None:
    """Show the pipeline: what runs where, since when, by whom, and how far each environment lags."""
    from envctl.usecases.status import status as use

    answer(context, use)


def register(app: typer.Typer) -> None:
    app.command(short_help="Show what runs where, and what to do next.")(status)
