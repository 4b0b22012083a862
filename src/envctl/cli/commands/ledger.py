"""`envctl ledger verify`."""

import typer

from envctl.cli.boundary import answer

app = typer.Typer(help="The record of all that happened.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def ledger() -> None:
    """The record of all that happened."""


@app.command()
def verify(context: typer.Context) -> None:
    """Recompute the chain from its first entry, and name the first one that does not fit."""
    from envctl.usecases.history import verify_ledger

    answer(context, verify_ledger)
