"""The Typer application. Command modules import nothing heavy; what they need is imported when they run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import guarded, show_help
from envctl.cli.commands import (
    apply,
    approve,
    history,
    ledger,
    plan,
    promote,
    recover,
    render,
    sandbox,
    settings,
    status,
    validate,
    why,
)
from envctl.cli.options import FLAGS, Options, hoist

EPILOG = "Environments are arguments: envctl apply dev · envctl promote staging prod · envctl status"

app = typer.Typer(
    name="envctl",
    help="Promotion for Terraform: what was proven in dev is, byte for byte, what reaches staging and prod.",
    epilog=EPILOG,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def envctl(
    context: typer.Context,
    *,
    project: Annotated[Path, typer.Option("--project", help="The project's folder.", show_default=False)] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help=FLAGS["--json"])] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help=FLAGS["--no-color"])] = False,
    yes: Annotated[bool, typer.Option("--yes", help=FLAGS["--yes"])] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=FLAGS["--dry-run"])] = False,
    in_sandbox: Annotated[bool, typer.Option("--sandbox", help=FLAGS["--sandbox"])] = False,
    debug: Annotated[bool, typer.Option("--debug", help=FLAGS["--debug"])] = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    context.obj = Options(project, as_json, no_color, yes, dry_run, in_sandbox, debug)
    if version:
        from envctl import __version__

        typer.echo(f"envctl {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        show_help(context)


for module in (plan, apply, promote, approve, why, status, history, recover, validate, settings, render):
    module.register(app)
app.add_typer(ledger.app, name="ledger", short_help="Check the record of all that happened.")
app.add_typer(sandbox.app, name="sandbox", short_help="Start, see and stop the embedded AWS.")


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; gives its exit code."""
    words = hoist(arguments)
    return guarded(lambda: typer.main.get_command(app).main(words, prog_name="envctl", standalone_mode=False), words)
