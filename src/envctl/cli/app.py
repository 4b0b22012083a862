"""The Typer application. Command modules import nothing heavy; what they need is imported when they run."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from envctl.cli.boundary import demand_somebody_to_tell, show_help, show_version
from envctl.cli.command_modules import MODULES
from envctl.cli.options.global_options import FLAGS, VALUED, Options, in_bytes

EPILOG = "Environments are arguments: envctl apply dev · envctl promote staging prod · envctl status"


def envctl(
    context: typer.Context,
    *,
    project: Annotated[Path, typer.Option("--project", help=VALUED["--project"], show_default=False)] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help=FLAGS["--json"])] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help=FLAGS["--no-color"])] = False,
    yes: Annotated[bool, typer.Option("--yes", help=FLAGS["--yes"])] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=FLAGS["--dry-run"])] = False,
    in_sandbox: Annotated[bool, typer.Option("--sandbox", help=FLAGS["--sandbox"])] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help=FLAGS["--markdown"])] = False,
    comment: Annotated[bool, typer.Option("--comment", help=FLAGS["--comment"])] = False,
    issues: Annotated[bool, typer.Option("--issues", help=FLAGS["--issues"])] = False,
    no_ci: Annotated[bool, typer.Option("--no-ci", help=FLAGS["--no-ci"])] = False,
    debug: Annotated[bool, typer.Option("--debug", help=FLAGS["--debug"])] = False,
    parallelism: Annotated[
        int | None,
        typer.Option("--parallelism", min=1, metavar="N", help=VALUED["--parallelism"], show_default=False),
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option("--memory", metavar="SIZE", help=VALUED["--memory"], show_default=False),
    ] = None,
    trace: Annotated[
        Path | None, typer.Option("--trace", metavar="FILE", help=VALUED["--trace"], show_default=False)
    ] = None,
    junit: Annotated[
        Path | None, typer.Option("--junit", metavar="FILE", help=VALUED["--junit"], show_default=False)
    ] = None,
    sarif: Annotated[
        Path | None, typer.Option("--sarif", metavar="FILE", help=VALUED["--sarif"], show_default=False)
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    flags = (as_json, no_color, yes, dry_run, in_sandbox, debug, markdown)
    told = (no_ci, junit, sarif, comment, issues)
    context.obj = Options(project, *flags, parallelism, in_bytes(memory), trace, *told)
    if comment or issues:
        demand_somebody_to_tell(context)
    if version:
        show_version(context)
    if context.invoked_subcommand is None:
        show_help(context)


class Interruptible(TyperGroup):
    """Typer makes a bare exit code of an interruption, which then nobody is told of."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 (as its parent; the class belongs to a library inside typer)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interruption:
            raise typer.Abort from interruption


def application(command: str = "") -> typer.Typer:
    """With the module of that command alone where there is one: importing all takes longer than most of them do."""
    app = typer.Typer(
        name="envctl",
        cls=Interruptible,
        help="Promotion for Terraform: what was proven in dev is, byte for byte, what reaches staging and prod.",
        epilog=EPILOG,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        # `envctl completion SHELL` prints the script; nothing is written into anybody's home.
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(envctl)
    for module in [MODULES[command]] if command in MODULES else dict.fromkeys(MODULES.values()):
        import_module(f"envctl.cli.commands.{module}").register(app)
    return app


def command_in(words: Sequence[str]) -> str:
    """The first word that is not an option of all commands; they stand in front of it."""
    rest = iter(words)
    for word in rest:
        if word in VALUED:
            next(rest, None)
        elif word not in FLAGS and not word.startswith(tuple(f"{option}=" for option in VALUED)):
            return word
    return ""
