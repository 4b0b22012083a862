"""`envctl ledger export [ENV]`."""

import sys
from collections.abc import Iterable
from typing import Annotated, Literal

import typer

from envctl.cli.boundary import refuse_dry_run
from envctl.cli.options.arguments import Since, Until, an_environment


def export(
    context: typer.Context,
    environment: Annotated[str, an_environment("Only what speaks of this environment.")] = "",
    *,
    form: Annotated[
        Literal["csv", "jsonl"] | None,
        typer.Option("--format", help="csv unless you say otherwise.", show_default=False),
    ] = None,
    since: Since = "",
    until: Until = "",
    entries: Annotated[bool, typer.Option("--entries", help="Every entry as it is kept, as JSON Lines.")] = False,
) -> None:
    """Write the deployments for an auditor: who deployed what where, approved by whom, under which waiver. The whole
    chain is checked on the way.
    """
    from envctl.cli.wiring.container import wire
    from envctl.usecases.inspect import export as uses

    refuse_dry_run(context)
    _refuse(context, form, entries=entries)
    with wire(context.obj) as wired:
        if entries:
            _write(line + b"\n" for line in uses.entries(wired, environment, since=since, until=until))
            return
        from envctl.cli.render.console.inspect.export import as_csv, as_lines
        from envctl.cli.render.terminal.counting import counted

        found = uses.deployments(wired, environment, since=since, until=until)
        lines = as_lines(found.deployments) if form == "jsonl" else as_csv(found.deployments)
        _write(line.encode("utf-8", "backslashreplace") for line in lines)
        number = counted(len(found.deployments), "deployment")
        wired.observer.said(f"{number}; {found.entries} entries, all fit the chain; head {found.head}")
        if found.unbelieved:
            listed = ", ".join(f"#{each.seq}" for each in found.unbelieved)
            wired.observer.said(f"left out, because they are not believed: {listed}; envctl ledger verify says why")


def _refuse(context: typer.Context, form: str | None, *, entries: bool) -> None:
    if not (context.obj.json or context.obj.markdown or (entries and form == "csv")):
        return
    from envctl.domain.errors import Problem, UsageError

    flag = "--format csv" if form == "csv" and entries else "--json" if context.obj.json else "--markdown"
    if flag == "--format csv":
        raise UsageError(Problem("E449", "--entries are JSON, and no rows", "leave --format out"))
    message = f"ledger export has no {flag}: what stands on stdout is the export alone"
    raise UsageError(Problem("E449", message, "a document a line: envctl ledger export --format jsonl"))


def _write(lines: Iterable[bytes]) -> None:
    """In UTF-8, whatever the terminal speaks."""
    sys.stdout.flush()
    for line in lines:
        sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
