"""`envctl secrets list ENV`, `envctl secrets check [ENV …]` and `envctl secrets set ENV NAME`."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from envctl.cli.boundary import refuse_dry_run, run_partial_use_case, run_use_case
from envctl.cli.options.arguments import Environments, environment_argument

if TYPE_CHECKING:
    from envctl.domain.aws.secret_status import SecretValue
    from envctl.usecases.ports.core import Ports


def list(
    context: typer.Context, environment: Annotated[str, environment_argument("The environment, for example prod.")]
) -> None:
    """Show the secrets that settings of an environment use, and whether they exist. Reads no value."""
    from envctl.usecases.account.secret_check import list_secrets

    run_partial_use_case(context, lambda ports: list_secrets(ports, environment))


def check(context: typer.Context, names: Environments = None) -> None:
    """Check that all secrets exist, and show how to create missing ones. Reads no value. Exit code 1: a secret is
    missing or could not be checked.
    """
    from envctl.usecases.account.secret_check import check_secrets as use

    run_partial_use_case(context, lambda ports: use(ports, names or ()))


def set(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example prod.")],
    name: Annotated[str, typer.Argument(help="The name of the secret in the settings.")],
    *,
    kind: Annotated[
        Literal["secretsmanager", "ssm"] | None,
        typer.Option("--in", help="The service, if its name does not show it."),
    ] = None,
    kms_key: Annotated[str, typer.Option(help="The KMS key for its encryption.")] = "",
    unasked: Annotated[
        bool, typer.Option("--unasked", help="Allow a secret not used in settings; needs --in.")
    ] = False,
) -> None:
    """Create a secret, or add a new version. The value comes from standard input or a hidden prompt, never from an
    argument.
    """
    from envctl.cli.input.secret_value import read_secret_value
    from envctl.usecases.account.secret_set import set_secret as use

    refuse_dry_run(context)

    def read(ports: "Ports") -> "SecretValue":
        value = read_secret_value(context.obj)
        ports.observer.redact([value.data.decode(errors="replace")])
        return value

    run_use_case(
        context,
        lambda ports: use(ports, environment, name, lambda: read(ports), kind=kind, unasked=unasked, kms_key=kms_key),
    )
