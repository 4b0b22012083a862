"""Arguments and options of several commands."""

from typing import Annotated, Any

import typer

from envctl.cli.completion.candidates import complete_environments, complete_releases

Environments = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ENV]...", help="Only these environments.", autocompletion=complete_environments),
]
RELEASE_NAMES = "By id, commit or request: '#42'."
DetailedExitcode = Annotated[bool, typer.Option("--detailed-exitcode", help="Exit code 2 if there are changes.")]
Since = Annotated[
    str,
    typer.Option(metavar="WHEN", help="Start: 7d or 24h ago, a day, or a time (local, or with a zone)."),
]
Until = Annotated[str, typer.Option(metavar="WHEN", help="End; a day includes all its hours.")]


def environment_argument(help_text: str, metavar: str | None = None) -> Any:  # noqa: ANN401 (as Typer's own)
    """Declare an argument for an environment, with completion."""
    return typer.Argument(metavar=metavar, help=help_text, autocompletion=complete_environments)


def release_option(help_text: str) -> Any:  # noqa: ANN401
    """Declare the option `--release`, with completion. The help ends with the names that a release may have."""
    return typer.Option(help=f"{help_text} {RELEASE_NAMES}", autocompletion=complete_releases)


FullPlans = Annotated[bool, typer.Option("--full", help="Show each change of a large plan.")]


def show_full_plans(*, full: bool) -> None:
    """Let each plan that this command shows have all of its changes."""
    from envctl.cli.render.text.detail import SHOW_FULL_PLANS

    SHOW_FULL_PLANS.set(full)
