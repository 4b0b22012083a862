"""Consoles for people. Results go to stdout; progress, questions and errors to stderr."""

from rich.console import Console

from envctl.cli.options import Options


def stdout(options: Options) -> Console:
    return Console(no_color=options.no_color or None, highlight=False, markup=False, emoji=False)


def stderr(options: Options) -> Console:
    return Console(stderr=True, no_color=options.no_color or None, highlight=False, markup=False, emoji=False)
