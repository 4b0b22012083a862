"""`envctl preview [ENV …]`."""

from typing import TYPE_CHECKING, Annotated

import typer

from envctl.cli.boundary import only_look, refuse_dry_run, run_use_case
from envctl.cli.options.arguments import DetailedExitcode, Environments, FullPlans, release_option, show_full_plans

if TYPE_CHECKING:
    from envctl.usecases.ports.core import Ports


def preview(
    context: typer.Context,
    names: Environments = None,
    *,
    release: Annotated[str | None, release_option("A release, instead of the working tree.")] = None,
    detailed_exitcode: DetailedExitcode = False,
    full: FullPlans = False,
) -> None:
    """Plan the working tree or a release in all environments, before a promotion. Records nothing.

    With --comment, a working tree is also validated as a whole, so that the comment says what is wrong.
    """
    from envctl.usecases.inspect.preview import preview_environments as use

    show_full_plans(full=full)
    refuse_dry_run(context)
    only_look(context)
    exit_code = lambda result: int(result.exit_code(detailed=detailed_exitcode))  # noqa: E731

    def run(ports: "Ports") -> object:
        if context.obj.comment and not (names or release):
            from envctl.usecases.inspect.settings import validate_project

            validate_project(ports)
        return use(ports, names or (), release=release)

    run_use_case(context, run, exit_code)
