"""How envctl tells its help: commands by what they are for, examples, and the global options at the end."""

from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

from envctl.cli.command_table import COMMANDS, TABLE

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
