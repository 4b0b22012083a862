"""`envctl ci github`, `envctl ci gitlab` and `envctl ci codebuild`."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from envctl.cli.boundary import refuse_dry_run, run_partial_use_case

Check = Annotated[
    bool, typer.Option("--check", help="Only check; exit code 1 if they are out of date, or a pin is unknown.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="As --check; exit code 1 also for raised pins, and files of another envctl.")
]
Branch = Annotated[
    str | None,
    typer.Option("--branch", metavar="NAME", help="The branch to deploy from. Default: that of [ci.github], or main."),
]

ProtectedBranch = Annotated[
    str | None,
    typer.Option(
        "--branch", metavar="NAME", help="The protected branch to deploy from. Default: that of [ci.gitlab], or main."
    ),
]


def github(context: typer.Context, *, check: Check = False, strict: Strict = False, branch: Branch = None) -> None:
    """Write workflows that plan on pull requests, promote through the environments, check for drift at night, and do
    operations by hand; and lock files of all that they install. Never overwrites other files.
    """
    from envctl.usecases.project.ci.github_workflows import update_github_workflows

    _update_files(context, update_github_workflows, check=check, strict=strict, branch=branch)


def gitlab(
    context: typer.Context, *, check: Check = False, strict: Strict = False, branch: ProtectedBranch = None
) -> None:
    """Write a pipeline that plans on merge requests, promotes through the environments, checks for drift on a schedule,
    and does operations by hand. An existing .gitlab-ci.yml is not changed: include .gitlab/envctl.gitlab-ci.yml in it.
    """
    from envctl.usecases.project.ci.gitlab_pipeline import update_gitlab_pipeline

    _update_files(context, update_gitlab_pipeline, check=check, strict=strict, branch=branch)


def codebuild(context: typer.Context, *, check: Check = False, strict: Strict = False) -> None:
    """Write a script that installs envctl in builds of AWS CodeBuild, with its lock files, into .codebuild/envctl of
    the project. The module pipeline uses it.
    """
    from envctl.usecases.project.ci.codebuild_files import update_codebuild_files

    _update_files(context, update_codebuild_files, check=check, strict=strict)


def _update_files(
    context: typer.Context, update: Callable[..., Any], *, check: bool, strict: bool, **more: str | None
) -> None:
    refuse_dry_run(context)
    from envctl import __version__

    run_partial_use_case(
        context, lambda ports: update(ports, check=check or strict, strict=strict, version=__version__, **more)
    )
