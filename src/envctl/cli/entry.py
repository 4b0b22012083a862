"""One command line, from its words to its exit code."""

import os
from collections.abc import Sequence

import typer

from envctl.cli.app import application, command_in
from envctl.cli.boundary import guarded
from envctl.cli.options.global_options import hoist


def run(arguments: Sequence[str]) -> int:
    """Runs one command line; gives its exit code."""
    if asked := os.environ.get("_ENVCTL_COMPLETE"):
        from envctl.cli.shell_completion import answer

        return answer(asked)
    words = hoist(arguments)

    def command() -> object:
        app = application(command_in(words))
        return typer.main.get_command(app).main(words, prog_name="envctl", standalone_mode=False)

    return guarded(command, words)
