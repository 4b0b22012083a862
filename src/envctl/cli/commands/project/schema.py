"""`envctl schema`."""

import typer

from envctl.cli.boundary import refuse_dry_run


def schema(context: typer.Context) -> None:
    """Print the JSON Schema of envctl.toml, for editors."""
    from importlib.resources import files

    refuse_dry_run(context)
    typer.echo(files("envctl").joinpath("schemas/envctl.toml.json").read_text(encoding="utf-8"), nl=False)
