"""Arguments that several commands take in the same way."""

from typing import Annotated, Any

import typer

from envctl.cli.completion.candidates import environments

Environments = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ENV]...", help="Only these.", autocompletion=environments, show_default=False),
]


Since = Annotated[
    str,
    typer.Option(
        metavar="WHEN", help="From then on: 7d or 24h ago, a day, a time (yours, or with its zone).", show_default=False
    ),
]
Until = Annotated[
    str,
    typer.Option(metavar="WHEN", help="Until then; of a day all hours.", show_default=False),
]


def an_environment(told: str) -> Any:  # noqa: ANN401 (as Typer's own)
    """The argument that names an environment, which every shell completes. `told` is its help."""
    return typer.Argument(help=told, autocompletion=environments, show_default=False)
