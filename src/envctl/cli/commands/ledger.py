"""`envctl ledger verify`."""

import typer

from envctl.cli.boundary import answer, show_help

app = typer.Typer(help="The record of all that happened.", rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def ledger(context: typer.Context) -> None:
    """The record of all that happened."""
    if context.invoked_subcommand is None:
        show_help(context)


@app.command()
def verify(context: typer.Context) -> None:
    """Recompute the chain from its first entry, and name the first one that does not fit."""
    from envctl.usecases.history import verify_ledger

    answer(context, verify_ledger)


def register(application: typer.Typer) -> None:
    application.add_typer(app, name="ledger", short_help="Check the record of all that happened.")
