"""The entry point: runs a command line."""

import os
from collections.abc import Sequence

import typer

from envctl.cli.app import build_app, find_command
from envctl.cli.boundary import run_guarded
from envctl.cli.options.global_options import move_global_options_first


def run(arguments: Sequence[str]) -> int:
    """Run a command line, or complete one for a shell; return its exit code."""
    if instruction := os.environ.get("_ENVCTL_COMPLETE"):
        from envctl.cli.shell_completion import print_completions

        return print_completions(instruction)
    words = move_global_options_first(arguments)

    def command() -> object:
        app = build_app(find_command(words))
        return typer.main.get_command(app).main(words, prog_name="envctl", standalone_mode=False)

    return run_guarded(command, words)
