"""The Typer application and its help. Command modules import heavy dependencies only when they run."""

from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from envctl.cli.boundary import require_ci_job, show_version
from envctl.cli.command_table import COMMANDS, TABLE, Command
from envctl.cli.options.global_options import FLAGS, SANDBOX_VARIABLE, VALUE_OPTIONS, Options, parse_memory_size
from envctl.cli.project_folder import choose_project_folder

MAX_EXAMPLE_WIDTH = 48


class HelpfulCommand(TyperCommand):
    """A command whose help names its arguments in capitals, and ends with examples."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 (of a library inside typer)
        for argument in self.params:
            if isinstance(argument, TyperArgument) and argument.metavar is None:
                argument.metavar = (argument.name or "").upper()
        super().format_help(ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ANN401
        return [piece.strip("{}") for piece in super().collect_usage_pieces(ctx)]

    def format_epilog(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        from envctl.cli.examples import EXAMPLES

        name = ctx.command_path.removeprefix("envctl ")
        with formatter.section("Examples"):
            formatter.write_dl(EXAMPLES[name], col_max=MAX_EXAMPLE_WIDTH)
        formatter.write_paragraph()
        formatter.write_text("The options of every command: envctl --help")


class HelpfulGroup(TyperGroup):
    """A group of commands. It raises Abort on an interruption: Typer itself ends without a message."""

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 (as its parent; the class belongs to a library inside typer)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interruption:
            raise typer.Abort from interruption

    def format_options(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        """Write the commands first: the options are many, and most lines need none."""
        self.format_commands(ctx, formatter)
        TyperCommand.format_options(self, ctx, formatter)  # type: ignore[arg-type]

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        if ctx.parent is not None:
            super().format_commands(ctx, formatter)
            return
        width = max(map(len, COMMANDS))
        for title, rows in TABLE.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:{width}}", row.help) for name, row in rows.items()])


EPILOG = "Environments are arguments: envctl apply dev · envctl promote staging prod · envctl status"


def envctl(
    context: typer.Context,
    *,
    project: Annotated[Path | None, typer.Option(help=VALUE_OPTIONS["--project"])] = None,
    as_json: Annotated[bool, typer.Option("--json", help=FLAGS["--json"])] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help=FLAGS["--no-color"])] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help=FLAGS["--yes"])] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help=FLAGS["--dry-run"])] = False,
    in_sandbox: Annotated[
        bool, typer.Option("--sandbox", help=FLAGS["--sandbox"], envvar=SANDBOX_VARIABLE, show_envvar=False)
    ] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help=FLAGS["--markdown"])] = False,
    comment: Annotated[bool, typer.Option("--comment", help=FLAGS["--comment"])] = False,
    issues: Annotated[bool, typer.Option("--issues", help=FLAGS["--issues"])] = False,
    no_warm: Annotated[bool, typer.Option("--no-warm", help=FLAGS["--no-warm"])] = False,
    no_ci: Annotated[bool, typer.Option("--no-ci", help=FLAGS["--no-ci"])] = False,
    debug: Annotated[bool, typer.Option("--debug", help=FLAGS["--debug"])] = False,
    parallelism: Annotated[int | None, typer.Option(min=1, metavar="N", help=VALUE_OPTIONS["--parallelism"])] = None,
    memory: Annotated[str | None, typer.Option(metavar="SIZE", help=VALUE_OPTIONS["--memory"])] = None,
    trace: Annotated[Path | None, typer.Option(metavar="FILE", help=VALUE_OPTIONS["--trace"])] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help=VALUE_OPTIONS["--junit"])] = None,
    sarif: Annotated[Path | None, typer.Option(metavar="FILE", help=VALUE_OPTIONS["--sarif"])] = None,
    page: Annotated[Path | None, typer.Option(metavar="FILE", help=VALUE_OPTIONS["--page"])] = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    context.obj = Options(
        project=choose_project_folder(project, context.invoked_subcommand or ""),
        json=as_json,
        no_color=no_color,
        yes=yes,
        dry_run=dry_run,
        sandbox=in_sandbox,
        debug=debug,
        markdown=markdown,
        parallelism=parallelism,
        memory=parse_memory_size(memory),
        trace=trace,
        no_ci=no_ci,
        junit=junit,
        sarif=sarif,
        page=page,
        comment=comment,
        issues=issues,
        no_warm=no_warm,
    )
    if comment or issues:
        require_ci_job(context)
    if version:
        show_version(context)
    show_group_help(context)


def show_group_help(context: typer.Context) -> None:
    """Print the help of a command group if it is called without a subcommand. Raises UsageError with `--json`."""
    if context.invoked_subcommand is not None:
        return
    if context.obj.json:
        from envctl.domain.errors import Problem, UsageError

        raise UsageError(Problem("E000", "Missing command.", f"{context.command_path} --help"))
    typer.echo(context.get_help())
    raise typer.Exit


def run_app(words: Sequence[str]) -> object:
    """Run a command line with its global options in front. Raises KeyboardInterrupt if it is interrupted."""
    try:
        word = find_command(words)
        # An option where a command would stand ends in the help or in a refusal: neither needs a command built.
        is_group_alone = not word or (word.startswith("-") and word != "--")
        app = build_app([] if is_group_alone else [word] if word in COMMANDS else COMMANDS)
        return typer.main.get_command(app).main(words, prog_name="envctl", standalone_mode=False)
    except typer.Abort as abort:
        raise KeyboardInterrupt from abort


def build_app(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """Build the application with these commands only: importing all modules is slow."""
    app = typer.Typer(
        name="envctl",
        cls=HelpfulGroup,
        help="Promotion for Terraform and Kubernetes: a release verified in dev reaches staging and prod unchanged.",
        epilog=EPILOG,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        # `envctl completion SHELL` prints the script; envctl never writes into a home directory.
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(envctl)
    for name in names:
        row = COMMANDS[name]
        if isinstance(row, Command):
            _add_command(app, name, row)
            continue
        group = typer.Typer(cls=HelpfulGroup, help=row.help, rich_markup_mode=None)
        for word, inner in row.commands.items():
            _add_command(group, word, inner)
        line = row.help
        app.add_typer(group, name=name, short_help=line, callback=show_group_help, invoke_without_command=True)
    return app


def _add_command(group: typer.Typer, word: str, row: Command) -> None:
    module = import_module(f"envctl.cli.commands.{row.module}")
    group.command(word, cls=HelpfulCommand, short_help=row.help)(getattr(module, word.replace("-", "_")))


def find_command(words: Sequence[str]) -> str:
    """Return the first word after the leading global options; empty if there is none."""
    rest = iter(words)
    for word in rest:
        if word in VALUE_OPTIONS:
            next(rest, None)
        elif word not in FLAGS and not word.startswith(tuple(f"{option}=" for option in VALUE_OPTIONS)):
            return word
    return ""
