"""`envctl init NAME`."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.domain.scaffold.templates import TemplateName

if TYPE_CHECKING:
    from envctl.usecases.project.init import Choices


def init(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The name of the project and its folder.")],
    *,
    template: Annotated[TemplateName | None, typer.Option(help="The template. Default: web.")] = None,
    region: Annotated[str, typer.Option(metavar="REGION", help="The AWS region. Default: ap-northeast-1.")] = "",
    recovery_region: Annotated[str, typer.Option(metavar="REGION", help="The second AWS region, for backups.")] = "",
    account: Annotated[
        list[str] | None,
        typer.Option(metavar="ENV=ID", help="The AWS account of an environment. Repeatable. Default: a placeholder."),
    ] = None,
    store: Annotated[
        str, typer.Option(metavar="URL", help="The store in S3, with a signed ledger: s3://BUCKET/PREFIX.")
    ] = "",
    store_account: Annotated[str, typer.Option(metavar="ID", help="The AWS account of the store.")] = "",
) -> None:
    """Create a project in a new folder: pipeline, settings, and copies of the required modules. In a terminal, without
    options, it asks for the values. Never overwrites files.
    """
    from envctl.usecases.project.init import init_project as use

    choices = replace(
        _parse_choices(template, region, recovery_region, account or []), store=store, store_account=store_account
    )
    dry_run = context.obj.dry_run
    run_use_case(context, lambda ports: use(ports, name, choices, dry_run=dry_run))


def _parse_choices(template: str | None, region: str, recovery_region: str, pairs: list[str]) -> "Choices":
    from envctl.domain.errors import Problem, UsageError
    from envctl.usecases.project.init import Choices

    accounts: dict[str, str] = {}
    for pair in pairs:
        environment, equals, account = pair.partition("=")
        if not equals or environment in accounts:
            message = (
                f"--account has two values for {environment}"
                if equals
                else f"--account {pair} has no valid environment"
            )
            raise UsageError(Problem("E023", message, "write it as --account dev=123456789012"))
        accounts[environment] = account
    return Choices(template or "", region, recovery_region, accounts)
