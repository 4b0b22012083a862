"""`envctl ledger export [ENV]`."""

import sys
from collections.abc import Iterable
from typing import Annotated, Literal

import typer

from envctl.cli.boundary import refuse_dry_run
from envctl.cli.options.arguments import Since, Until, environment_argument
from envctl.domain.command_lines import format_command


def export(
    context: typer.Context,
    environment: Annotated[str, environment_argument("Only deployments of this environment.")] = "",
    *,
    form: Annotated[
        Literal["csv", "jsonl"] | None,
        typer.Option("--format", help="The output format. Default: csv."),
    ] = None,
    since: Since = "",
    until: Until = "",
    entries: Annotated[bool, typer.Option("--entries", help="Every stored entry, as JSON Lines.")] = False,
) -> None:
    """Export the deployments for an auditor: who deployed what, where, approved by whom, under which waiver. Also
    checks the whole chain.
    """
    from envctl.cli.wiring.container import open_ports
    from envctl.usecases.inspect import export as uses

    refuse_dry_run(context)
    _refuse_formats(context, form, entries=entries)
    with open_ports(context.obj) as wired:
        if entries:
            _write_lines(line + b"\n" for line in uses.export_entries(wired, environment, since=since, until=until))
            return
        from envctl.cli.render.json.export import to_csv, to_json_lines
        from envctl.cli.render.text.sentences import format_count

        found = uses.export_deployments(wired, environment, since=since, until=until)
        lines = to_json_lines(found.deployments) if form == "jsonl" else to_csv(found.deployments)
        _write_lines(line.encode("utf-8", "backslashreplace") for line in lines)
        number = format_count(len(found.deployments), "deployment")
        authors = (
            f"; authors not verified: {found.unsigned} are not signed" if found.unsigned and not wired.sandbox else ""
        )
        wired.observer.on_message(f"{number}; {found.entries} entries, all match the chain{authors}; head {found.head}")
        if found.unbelieved:
            listed = ", ".join(f"#{each.seq}" for each in found.unbelieved)
            wired.observer.on_message(f"left out as not trusted: {listed}; reasons: {format_command('ledger verify')}")


def _refuse_formats(context: typer.Context, form: str | None, *, entries: bool) -> None:
    if not (context.obj.json or context.obj.markdown or (entries and form == "csv")):
        return
    from envctl.domain.errors import Problem, UsageError

    flag = "--format csv" if form == "csv" and entries else "--json" if context.obj.json else "--markdown"
    if flag == "--format csv":
        raise UsageError(Problem("E449", "--entries are JSON, not rows", "leave --format out"))
    message = f"ledger export has no {flag}: its stdout is the export only"
    hint = f"for one JSON document a line: {format_command('ledger export', format='jsonl')}"
    raise UsageError(Problem("E449", message, hint))


def _write_lines(lines: Iterable[bytes]) -> None:
    """Write bytes to stdout: UTF-8 with any terminal encoding."""
    sys.stdout.flush()
    write = getattr(sys.stdout, "write_bytes", sys.stdout.buffer.write)
    for line in lines:
        write(line)
    sys.stdout.buffer.flush()
