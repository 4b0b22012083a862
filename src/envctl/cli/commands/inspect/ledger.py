"""`envctl ledger verify`, `envctl ledger keys` and `envctl ledger sign`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.options.arguments import Environments
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, UsageError


def verify(
    context: typer.Context,
    store: Annotated[str, typer.Option(metavar="URL", help="A copy of the store to check: a folder or a URL.")] = "",
    keys: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The folder of the public keys: DIR/ENV/signing_key.pem."),
    ] = None,
    *,
    require_signatures: Annotated[
        bool, typer.Option("--require-signatures", help="Fail if any entry counts without a signature.")
    ] = False,
    store_times: Annotated[
        bool, typer.Option("--store-times", help="Compare times with those at which the store got the entries.")
    ] = False,
) -> None:
    """Recompute the chain from the first entry, and report the first mismatch. Check every signature and the order of
    times, and list entries that are not trusted.
    """
    from envctl.usecases.inspect.history import verify_ledger

    context.obj = replace(context.obj, store=_resolve_store_url(store), keys=keys)
    run_use_case(
        context, lambda ports: verify_ledger(ports, require_signatures=require_signatures, store_times=store_times)
    )


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
    check: Annotated[
        bool, typer.Option("--check", help="Only compare the keys in KMS with those that --create creates.")
    ] = False,
    signer: Annotated[
        list[str] | None,
        typer.Option("--signer", metavar="ARN", help="A role that signs for people, also of another account."),
    ] = None,
    as_me: Annotated[
        bool, typer.Option("--as-me", help="Use your own credentials, not the role of each environment.")
    ] = False,
) -> None:
    """Pin the public keys for signatures of ledger entries: environments/ENV/signing_key.pem. Review and commit that
    file. With --check, exit code 1: a key or its policy differs.
    """
    from envctl.usecases.project import signing_keys

    refuse_dry_run(context)
    wrong = {
        "--check can't be combined with --create or --add": check and (create or add),
        "--signer needs --create or --check: an existing key keeps its policy": signer and not (create or check),
    }
    if message := next((text for text, is_wrong in wrong.items() if is_wrong), ""):
        raise UsageError(Problem("E012", message, format_command("ledger keys", help=True)))
    chosen, signers = tuple(names or ()), tuple(signer or ())
    use = lambda ports: (  # noqa: E731
        signing_keys.check_keys(ports, chosen, signers=signers, as_me=as_me)
        if check
        else signing_keys.pin_keys(ports, chosen, create=create, add=add, signers=signers, as_me=as_me)
    )
    exit_code = lambda result: int(result.exit_code)  # noqa: E731
    run_use_case(context, use, exit_code)


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
