"""`envctl images pin`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_partial_use_case
from envctl.cli.options.stack_options import Stacks, parse_selection


def pin(
    context: typer.Context,
    *,
    stack: Stacks = None,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Also replace digests whose tag names another image by now.")
    ] = False,
) -> None:
    """Write the missing digests of images. They come from the registries of the images, and go into kustomizations,
    plain objects, and a file beside a chart. Exit code 1: an image has no digest there.
    """
    from envctl.usecases.account.image_pins import pin_images as use

    refuse_dry_run(context)
    selection = parse_selection(stack)
    run_partial_use_case(context, lambda ports: use(ports, selection, refresh=refresh))
