"""`envctl sandbox up|status|down`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from envctl.cli.boundary import refuse_dry_run, show, show_help
from envctl.cli.render.terminal.next_commands import IN_SANDBOX

if TYPE_CHECKING:
    from envctl.adapters.sandbox.lifecycle import Sandbox
from envctl.cli.results import SandboxState

app = typer.Typer(
    help="Real Terraform against an embedded AWS, one account an environment.",
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def sandbox(context: typer.Context) -> None:
    """Real Terraform against an embedded AWS, one account an environment."""
    if context.invoked_subcommand is None:
        show_help(context)


@app.command()
def up(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="The proxy's port. Default: a free one.", show_default=False)
    ] = None,
) -> None:
    """Start the sandbox, or find it running. Every command with --sandbox does that by itself."""
    from envctl.cli.wiring.container import wire

    refuse_dry_run(context)
    IN_SANDBOX.set(True)
    with wire(replace(context.obj, sandbox=True)) as wired:
        if wired.aws is None:
            raise AssertionError("a sandboxed wiring has an embedded AWS")
        running = wired.aws.start(wired.project, port)
    _answer(
        context,
        "up",
        SandboxState("running", running.proxy_url, running.started_at, f"envctl apply {wired.project.entry}"),
    )


@app.command()
def status(context: typer.Context) -> None:
    """Say whether the sandbox runs."""
    found = _sandbox(context)
    running = found.running()
    if running:
        _answer(context, "status", SandboxState("running", running.proxy_url, running.started_at))
    if found.died():
        _answer(context, "status", SandboxState("died", next="envctl sandbox down"))
    _answer(context, "status", SandboxState("off", next="envctl sandbox up"))


@app.command()
def down(context: typer.Context) -> None:
    """Stop the sandbox, and forget all that it held."""
    refuse_dry_run(context)
    stopped = _sandbox(context).down()
    _answer(context, "down", SandboxState("stopped" if stopped else "off"))


def _sandbox(context: typer.Context) -> "Sandbox":
    from envctl.adapters.sandbox.lifecycle import Sandbox

    return Sandbox(context.obj.project.absolute() / ".envctl" / "sandbox")


def _answer(context: typer.Context, verb: str, state: SandboxState) -> NoReturn:
    show(context.obj, f"sandbox {verb}", state, 0)
    raise typer.Exit(0)


def register(application: typer.Typer) -> None:
    application.add_typer(app, name="sandbox", short_help="Start, see and stop the embedded AWS.")
