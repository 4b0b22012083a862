"""Consoles for people. Results go to stdout; progress, questions and errors to stderr."""

import os

from rich.console import Console

from envctl.cli.options import Options


class PatientConsole(Console):
    """When its reader (head, less) goes away it falls silent; rich would end the program, be it amid an apply."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # What is still in the buffer goes nowhere, rather than make the interpreter complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def stdout(options: Options) -> Console:
    return PatientConsole(no_color=options.no_color or None, highlight=False, markup=False, emoji=False)


def stderr(options: Options) -> Console:
    return PatientConsole(stderr=True, no_color=options.no_color or None, highlight=False, markup=False, emoji=False)
