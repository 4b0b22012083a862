"""`envctl fmt`."""

import os
from pathlib import Path
from typing import Annotated

import typer

from envctl.cli.boundary import run_partial_use_case
from envctl.cli.project_folder import to_typed_path


def fmt(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Files and folders. Default: all settings, and the modules of all stacks.",
        ),
    ] = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only check; exit code 1 if a file is not formatted.")] = False,
) -> None:
    """Format settings files and the code of modules, with the project's Terraform. If one file can't be read, none is
    written. Needs no network, no init and no credentials.
    """
    from envctl.usecases.project.fmt import format_project as use

    project, dry_run = context.obj.project, context.obj.dry_run
    selected = [to_project_path(path, project) for path in paths or ()]
    run_partial_use_case(
        context, lambda ports: use(ports, selected, check=check, dry_run=dry_run, type_path=to_typed_path)
    )


def to_project_path(path: Path, project: Path) -> str:
    """Return the path relative to the project. Symbolic links are resolved only if it would lead out of the project."""
    relative = Path(os.path.relpath(path, project))
    if relative.parts[:1] == (os.pardir,):
        relative = Path(os.path.relpath(Path(os.path.realpath(path.parent)) / path.name, os.path.realpath(project)))
    return relative.as_posix()
