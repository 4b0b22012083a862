"""`envctl validate [ENV]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument


def validate(
    context: typer.Context,
    environment: Annotated[str, environment_argument("Only this environment. Default: all.")] = "",
    *,
    settings: Annotated[
        bool, typer.Option("--settings", help="Check only the settings: no keys, no secrets, no images.")
    ] = False,
) -> None:
    """Check the project file, the modules, the settings, and rendered Kubernetes objects. Needs no Terraform, no
    cluster and no credentials.
    """
    from envctl.usecases.inspect.settings import validate_project as use

    run_use_case(context, lambda ports: use(ports, environment, only_settings=settings))
