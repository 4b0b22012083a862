"""`envctl sandbox up|status|down`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from envctl.cli.boundary import refuse_dry_run, show_result
from envctl.cli.render.text.next_commands import IN_SANDBOX
from envctl.cli.results import SandboxState
from envctl.domain.command_lines import format_command

if TYPE_CHECKING:
    from pathlib import Path

    from envctl.adapters.sandbox.lifecycle import Sandbox


def up(
    context: typer.Context,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="The port of the proxy. Default: a free one."),
    ] = None,
) -> None:
    """Start the sandbox, if it does not run. Every command with --sandbox does this."""
    from envctl.cli.wiring.container import open_ports

    refuse_dry_run(context)
    IN_SANDBOX.set(True)
    with open_ports(replace(context.obj, sandbox=True)) as wired:
        if wired.embedded_aws is None:
            raise AssertionError("a sandboxed wiring has an embedded AWS")
        running = wired.embedded_aws.start_sandbox(wired.project, port)
    next_command = format_command("apply", wired.project.entry)
    _show_and_exit(context, "up", SandboxState("running", running.proxy_url, running.started_at, next_command))


def status(context: typer.Context) -> None:
    """Show whether the sandbox runs."""
    found = _open_sandbox(context)
    running = found.find_running()
    if running:
        _show_and_exit(context, "status", SandboxState("running", running.proxy_url, running.started_at))
    if found.has_died():
        _show_and_exit(context, "status", SandboxState("died", next=format_command("sandbox down")))
    _show_and_exit(context, "status", SandboxState("off", next=format_command("sandbox up")))


def down(context: typer.Context) -> None:
    """Stop the sandbox, and delete its contents."""
    refuse_dry_run(context)
    from envctl.adapters.workspace.work_folder import WorkFolder, remove_work
    from envctl.adapters.workspace.workspace import require_idle

    sandbox, work = _open_sandbox(context), WorkFolder(_find_folder(context), require_idle).path
    if sandbox.find_running():
        # Terraform of a command at work would lose its state.
        require_idle(work)
    if stopped := sandbox.stop():
        remove_work(work)
    _show_and_exit(context, "down", SandboxState("stopped" if stopped else "off"))


def _open_sandbox(context: typer.Context) -> "Sandbox":
    from envctl.adapters.sandbox.lifecycle import Sandbox

    return Sandbox(_find_folder(context))


def _find_folder(context: typer.Context) -> "Path":
    folder: Path = context.obj.project.absolute() / ".envctl" / "sandbox"
    return folder


def _show_and_exit(context: typer.Context, verb: str, state: SandboxState) -> NoReturn:
    show_result(context.obj, f"sandbox {verb}", state, 0)
    raise typer.Exit(0)
