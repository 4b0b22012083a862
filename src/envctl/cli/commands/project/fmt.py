"""`envctl fmt`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import answer_in_part


def fmt(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Only these files and folders. Default: all settings, and the modules of all stacks.",
            show_default=False,
        ),
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where a file would be written anew.")
    ] = False,
) -> None:
    """Format settings files and the code of modules as Terraform does, with the Terraform of the project. Either all
    of them can be read, or none is written. Needs no network, no init and no credentials.
    """
    from envctl.usecases.project.fmt import fmt as use

    project, dry_run = context.obj.project, context.obj.dry_run
    wanted = [in_project(path, project) for path in paths or ()]
    answer_in_part(context, lambda ports: use(ports, wanted, check=check, dry_run=dry_run))


def in_project(path: Path, project: Path) -> str:
    """From the project's folder, as people see both; where that leads out of it, as they lie on the disk."""
    found = Path(os.path.relpath(path, project))
    if found.parts[:1] == (os.pardir,):
        found = Path(os.path.relpath(Path(os.path.realpath(path.parent)) / path.name, os.path.realpath(project)))
    return found.as_posix()


def register(app: typer.Typer) -> None:
    app.command(short_help="Format settings and modules as Terraform does.")(fmt)
