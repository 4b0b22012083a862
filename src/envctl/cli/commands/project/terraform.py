"""`envctl terraform pin` and `install`."""

from typing import Annotated, Literal

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.completion.candidates import complete_platforms as offered

Place = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="FOLDER|URL",
        help="Where the packages are, in place of the mirror in envctl.toml or the official address."
        " `{program}` and `{version}` in it are replaced.",
    ),
]


def pin(
    context: typer.Context,
    *,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="The version to pin, such as 1.15.5.")],
    program: Annotated[
        Literal["terraform", "tofu"] | None,
        typer.Option("--program", help="The program. Default: the pinned one, or terraform."),
    ] = None,
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platform",
            metavar="OS_ARCH",
            help="A platform. Repeatable. Default: all that envctl runs on.",
            autocompletion=offered,
        ),
    ] = None,
    place: Place = "",
) -> None:
    """Print `[terraform.pin]` for envctl.toml: the SHA-256 of the executable in each official package. The signature of
    their sums is verified by gpgv; without it, nothing is printed. Changes nothing.
    """
    from envctl.usecases.project.terraform_program import pin_program as use

    run_use_case(context, lambda ports: use(ports, version, program=program, platforms=platforms or (), place=place))


def install(
    context: typer.Context,
    *,
    place: Place = "",
    folder: Annotated[
        str, typer.Option("--to", metavar="FOLDER", help="The folder for it. Default: one of this project.")
    ] = "",
) -> None:
    """Install the program that `[terraform.pin]` names, for this machine. A package with other bytes is refused. Each
    command of this project finds it, whatever the PATH has. In a container or job: run it before the first command.
    """
    from envctl.usecases.project.terraform_program import install_program as use

    refuse_dry_run(context)
    run_use_case(context, lambda ports: use(ports, place=place, folder=folder))
