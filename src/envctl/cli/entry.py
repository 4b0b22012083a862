"""The entry point: runs a command line."""

import os
from collections.abc import Callable, Sequence

from envctl.cli.boundary import run_guarded
from envctl.cli.options.global_options import move_global_options_first
from envctl.cli.short_commands import find_short_command


def run(arguments: Sequence[str]) -> int:
    """Run a command line, or complete one for a shell; return its exit code."""
    return load_command(arguments)()


def load_command(arguments: Sequence[str]) -> Callable[[], int]:
    """Return what runs a command line. All that is imported before the first action is imported here."""
    if instruction := os.environ.get("_ENVCTL_COMPLETE"):
        from envctl.cli.shell_completion import print_completions

        return lambda: print_completions(instruction)
    words = move_global_options_first(arguments)
    command = find_short_command(words)
    if command is None:
        from envctl.cli.app import run_app

        return lambda: run_guarded(lambda: run_app(words), words)
    return lambda: run_guarded(command, words)
