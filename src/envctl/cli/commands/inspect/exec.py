"""`envctl exec ENV -- CMD …`."""

import sys
from typing import Annotated, NoReturn

import typer

from envctl.cli.boundary import refuse_dry_run
from envctl.cli.options.arguments import an_environment


def execute(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example dev.")],
    command: Annotated[
        list[str], typer.Argument(metavar="-- CMD...", help="The command, with its own options.", show_default=False)
    ],
) -> NoReturn:
    """Run a command with the credentials and the outputs of an environment: in its process environment, and nowhere
    else. Its exit code is that of envctl.
    """
    from envctl.adapters.local.program import become
    from envctl.cli.wiring.container import wire
    from envctl.usecases.inspect.exec_environment import surroundings

    refuse_dry_run(context)
    _refuse_documents(context, environment)
    with wire(context.obj) as wired:
        child = surroundings(wired, environment).around(wired.inherited())
    sys.stdout.flush()
    sys.stderr.flush()
    become(command, child)


def _refuse_documents(context: typer.Context, environment: str) -> None:
    if context.obj.json or context.obj.markdown:
        from envctl.domain.errors import Problem, UsageError

        flag = "--json" if context.obj.json else "--markdown"
        message = f"exec has no {flag}: what stands on stdout is the command's own"
        raise UsageError(Problem("E016", message, f"if it is meant for the command: envctl exec {environment} -- …"))


def register(app: typer.Typer) -> None:
    app.command("exec", short_help="Run a command with an environment's credentials.")(execute)
