"""`envctl ci github` and `envctl ci gitlab`."""

from typing import TYPE_CHECKING, Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_partial_use_case
from envctl.cli.help import HelpfulCommand, HelpfulGroup

if TYPE_CHECKING:
    from envctl.usecases.project.ci_workflows import System

app = typer.Typer(cls=HelpfulGroup, help="Workflows for systems of CI, made for this project.", rich_markup_mode=None)

Check = Annotated[
    bool, typer.Option("--check", help="Write nothing; exit with 1 where they are not as they would be written.")
]
Branch = Annotated[str, typer.Option("--branch", metavar="NAME", help="The branch from which is deployed.")]


@app.command("github", cls=HelpfulCommand, short_help="Write the workflows of GitHub Actions, or check them.")
def github(context: typer.Context, *, check: Check = False, branch: Branch = "main") -> None:
    """Write workflows that plan on pull requests, promote from environment to environment, and look for drift at night.
    What envctl has not written itself is never written over.
    """
    _write_workflows(context, "github", check=check, branch=branch)


@app.command("gitlab", cls=HelpfulCommand, short_help="Write the pipeline of GitLab CI, or check it.")
def gitlab(context: typer.Context, *, check: Check = False, branch: Branch = "main") -> None:
    """Write a pipeline that plans on merge requests, promotes from environment to environment, and looks for drift on a
    schedule. A .gitlab-ci.yml that is there already stays as it is: include .gitlab/envctl.gitlab-ci.yml in it.
    """
    _write_workflows(context, "gitlab", check=check, branch=branch)


def _write_workflows(context: typer.Context, system: "System", *, check: bool, branch: str) -> None:
    refuse_dry_run(context)
    from envctl import __version__
    from envctl.usecases.project.ci_workflows import update_workflows

    command = "envctl --sandbox" if context.obj.sandbox else "envctl"
    run_partial_use_case(
        context,
        lambda ports: update_workflows(ports, system, check=check, branch=branch, version=__version__, command=command),
    )
