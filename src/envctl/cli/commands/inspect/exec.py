"""`envctl exec ENV -- CMD …`."""

import sys
from typing import Annotated, NoReturn

import typer

from envctl.cli.boundary import refuse_dry_run
from envctl.cli.options.arguments import environment_argument
from envctl.domain.command_lines import PLACEHOLDER, format_command

# -P: no file in the folder of the program is imported.
TOKEN_COMMAND = (sys.executable, "-P", "-m", "envctl.cli.kubernetes_token")


def exec(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example dev.")],
    command: Annotated[list[str], typer.Argument(metavar="-- CMD...", help="The command, with its own options.")],
    no_outputs: Annotated[
        bool, typer.Option("--no-outputs", help="Credentials only; works before the first deployment too.")
    ] = False,
) -> NoReturn:
    """Run a command with the credentials and outputs of an environment in its process environment. Its exit code
    becomes envctl's exit code.
    """
    from envctl.adapters.local.program import exec_program
    from envctl.cli.wiring.container import open_ports
    from envctl.usecases.inspect.exec_environment import load_exec_environment

    refuse_dry_run(context)
    if context.obj.json or context.obj.markdown:
        from envctl.domain.errors import Problem, UsageError

        flag = "--json" if context.obj.json else "--markdown"
        message = f"exec has no {flag}: its stdout belongs to the command"
        hint = f"to give it to the command: {format_command('exec', environment, '--', PLACEHOLDER)}"
        raise UsageError(Problem("E016", message, hint))
    with open_ports(context.obj) as wired:
        found = load_exec_environment(wired, environment, with_outputs=not no_outputs, token_command=TOKEN_COMMAND)
        child = found.merge_inherited(wired.exported_environment())
        if found.kubeconfig:
            child["KUBECONFIG"] = wired.place_kubeconfig(environment, found.kubeconfig)
    sys.stdout.flush()
    sys.stderr.flush()
    # The log of a job belongs to the program now: its own masks must count.
    getattr(sys.stderr, "resume_commands", lambda: None)()
    exec_program(command, child)
