"""`envctl ledger verify` and `envctl ledger keys`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.commands.inspect.ledger_export import export
from envctl.cli.help import HelpfulCommand, HelpfulGroup
from envctl.cli.options.arguments import Environments

app = typer.Typer(cls=HelpfulGroup, help="The record of all that happened.", rich_markup_mode=None)


@app.command(cls=HelpfulCommand)
def verify(
    context: typer.Context,
    store: Annotated[
        str, typer.Option(metavar="URL", help="Read this copy of the store: a folder, or a URL.", show_default=False)
    ] = "",
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Take the public keys from here: DIR/ENV/signing_key.pem.", show_default=False
        ),
    ] = None,
) -> None:
    """Recompute the chain from its first entry, and name the first one that does not fit. Check every signature, and
    name each entry that is not believed.
    """
    from envctl.usecases.inspect.history import verify_ledger

    context.obj = replace(context.obj, store=_resolve_store_url(store), keys=keys)
    run_use_case(context, verify_ledger)


def _resolve_store_url(store: str) -> str:
    """Return the store URL; a folder is relative to the working directory and must exist."""
    scheme, colon, rest = store.partition("://")
    if not store or (colon and scheme != "file"):
        return store
    folder = Path(rest or scheme).absolute()
    if not folder.is_dir():
        from envctl.domain.errors import OperationFailedError, Problem

        message = f"the store {store} can't be opened: there is no such folder"
        raise OperationFailedError(Problem("E404", message, "name the folder that holds `ledger`"))
    return f"file://{folder}"


@app.command(cls=HelpfulCommand)
def keys(
    context: typer.Context,
    names: Environments = None,
    *,
    create: Annotated[bool, typer.Option("--create", help="Make the key in KMS where it is not there yet.")] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Where another key is pinned: believe this one too, and sign with it.")
    ] = False,
) -> None:
    """Pin the public keys that entries of the ledger are signed with: environments/ENV/signing_key.pem. Review and
    commit that file.
    """
    from envctl.usecases.project.signing_keys import pin_keys

    refuse_dry_run(context)
    run_use_case(context, lambda ports: pin_keys(ports, tuple(names or ()), create=create, add=add))


app.command(cls=HelpfulCommand)(export)
