"""Arguments that several commands take in the same way."""

from typing import Annotated

import typer

from envctl.cli.complete import environments

Environments = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ENV]...", help="Only these.", autocompletion=environments, show_default=False),
]
