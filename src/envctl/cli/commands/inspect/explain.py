"""`envctl explain CODE`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.completion.candidates import complete_codes


def explain(
    context: typer.Context,
    code: Annotated[
        str,
        typer.Argument(help="The code of an error or a guard, for example E321.", autocompletion=complete_codes),
    ],
) -> None:
    """Explain the code of an error or a guard: what it means, and what to do. Needs no project and no network."""
    from envctl.usecases.inspect.explain import explain_code as use

    refuse_dry_run(context)
    run_use_case(context, lambda ports: use(ports.templates, code))
