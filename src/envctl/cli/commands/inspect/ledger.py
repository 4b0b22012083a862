"""`envctl ledger verify`, `envctl ledger keys` and `envctl ledger sign`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.options.arguments import Environments


def verify(
    context: typer.Context,
    store: Annotated[str, typer.Option(metavar="URL", help="A copy of the store to check: a folder or a URL.")] = "",
    keys: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder of the public keys: DIR/ENV/signing_key.pem."),
    ] = None,
) -> None:
    """Recompute the chain from the first entry, and report the first mismatch. Check every signature, and list entries
    that are not trusted.
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

        message = f"the store {store} can't be opened: folder not found"
        raise OperationFailedError(Problem("E404", message, "use the folder with `ledger` in it"))
    return f"file://{folder}"


def keys(
    context: typer.Context,
    names: Environments = None,
    *,
    create: Annotated[bool, typer.Option("--create", help="Create missing keys in KMS.")] = False,
    add: Annotated[
        bool, typer.Option("--add", help="Add a second pinned key: trust both, and sign with the new one.")
    ] = False,
) -> None:
    """Pin the public keys for signatures of ledger entries: environments/ENV/signing_key.pem. Review and commit that
    file.
    """
    from envctl.usecases.project.signing_keys import pin_keys

    refuse_dry_run(context)
    run_use_case(context, lambda ports: pin_keys(ports, tuple(names or ()), create=create, add=add))


def sign(
    context: typer.Context,
    names: Environments = None,
    *,
    through: Annotated[int, typer.Option(metavar="NUMBER", help="The last entry that you vouch for.", min=1)],
) -> None:
    """Vouch for entries from before there were keys, with the key of people of each environment. Read them first: they
    count once people of all environments did, and are shown as vouched for.
    """
    from envctl.usecases.approval.vouch import vouch_for_history

    refuse_dry_run(context)
    run_use_case(context, lambda ports: vouch_for_history(ports, through, tuple(names or ())))
