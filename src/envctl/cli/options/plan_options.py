"""The option of all commands that show plans."""

from typing import Annotated

import typer

FullPlans = Annotated[bool, typer.Option("--full", help="Show each change of a large plan.")]


def show_full_plans(*, full: bool) -> None:
    """Let each plan that this command shows have all of its changes."""
    from envctl.cli.render.text.detail import SHOW_FULL_PLANS

    SHOW_FULL_PLANS.set(full)
