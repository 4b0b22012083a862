"""`envctl eject DIR [ENV]...`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import Environments, release_option


def eject(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new folder.")],
    environments: Environments = None,
    *,
    release: Annotated[str, release_option("The release for all environments. Default: what runs in each.")] = "",
    working_tree: Annotated[bool, typer.Option("--working-tree", help="Take the code of the working tree.")] = False,
) -> None:
    """Write plain root modules with their backends into a new folder, to go on without envctl. The states stay where
    they are.
    """
    from envctl.usecases.inspect.eject import EjectOptions
    from envctl.usecases.inspect.eject import eject_project as use

    target, dry_run = os.path.realpath(folder), context.obj.dry_run
    way = Path(os.path.relpath(os.path.realpath(context.obj.project), target)).as_posix()
    options = EjectOptions(tuple(environments or ()), release, working_tree, way, os.fspath(folder))
    run_use_case(context, lambda ports: use(ports, target, options, dry_run=dry_run))
