"""`envctl ci github`, `envctl ci gitlab` and `envctl ci codebuild`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_partial_use_case

Check = Annotated[bool, typer.Option("--check", help="Only check; exit code 1 if they are out of date.")]
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


def github(context: typer.Context, *, check: Check = False, branch: Branch = None) -> None:
    """Write workflows that plan on pull requests, promote through the environments, check for drift at night, and do
    operations by hand; and lock files of all that they install. Never overwrites other files.
    """
    refuse_dry_run(context)
    from envctl import __version__
    from envctl.usecases.project.ci.github_workflows import update_github_workflows

    command = "envctl --sandbox" if context.obj.sandbox else "envctl"
    run_partial_use_case(
        context,
        lambda ports: update_github_workflows(ports, check=check, branch=branch, version=__version__, command=command),
    )


def gitlab(context: typer.Context, *, check: Check = False, branch: ProtectedBranch = None) -> None:
    """Write a pipeline that plans on merge requests, promotes through the environments, checks for drift on a schedule,
    and does operations by hand. An existing .gitlab-ci.yml is not changed: include .gitlab/envctl.gitlab-ci.yml in it.
    """
    refuse_dry_run(context)
    from envctl import __version__
    from envctl.usecases.project.ci.gitlab_pipeline import update_gitlab_pipeline

    command = "envctl --sandbox" if context.obj.sandbox else "envctl"
    run_partial_use_case(
        context,
        lambda ports: update_gitlab_pipeline(ports, check=check, branch=branch, version=__version__, command=command),
    )


def codebuild(context: typer.Context, *, check: Check = False) -> None:
    """Write a script that installs envctl in builds of AWS CodeBuild, with its lock files, into .codebuild/envctl of
    the project. The module pipeline uses it.
    """
    refuse_dry_run(context)
    from envctl import __version__
    from envctl.usecases.project.ci.codebuild_files import update_codebuild_files

    run_partial_use_case(context, lambda ports: update_codebuild_files(ports, check=check, version=__version__))
