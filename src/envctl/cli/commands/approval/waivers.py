"""`envctl waive ENV` and `envctl review ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import only_look, refuse_dry_run, run_use_case
from envctl.cli.options.arguments import environment_argument, release_option


def waive(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example prod.")],
    *,
    guard: Annotated[
        list[str], typer.Option(help="A guard to override, for example G108. Repeatable, or several with commas.")
    ],
    reason: Annotated[str, typer.Option(help="The reason, recorded for ever.")],
    release: Annotated[str | None, release_option("The release. Default: the next one to promote.")] = None,
) -> None:
    """Let one deployment of a release override guards, within an hour: break-glass where people sign with their own
    key. Another person reviews it afterwards.
    """
    from envctl.usecases.approval.waivers import waive_guards as use

    refuse_dry_run(context)
    # People sign with their own credentials.
    only_look(context)
    run_use_case(context, lambda ports: use(ports, environment, guard, reason, release=release))


def review(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example prod.")],
    *,
    waiver: Annotated[int, typer.Option(min=1, help="The number of the waiver, as `envctl status` shows it.")],
    reason: Annotated[str, typer.Option(help="What the review found.")] = "",
) -> None:
    """Record that you reviewed what was done under a waiver of another person. Ends the debt."""
    from envctl.usecases.approval.waivers import review_waiver as use

    refuse_dry_run(context)
    only_look(context)
    run_use_case(context, lambda ports: use(ports, environment, waiver, reason))
