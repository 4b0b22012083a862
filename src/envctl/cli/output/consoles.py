"""Consoles for people. Results go to stdout; progress, questions and errors to stderr."""

import os
import sys
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console

from envctl.cli.options.global_options import Options

_OFF = ("", "0", "false", "no")


class PatientConsole(Console):
    """When its reader (head, less) goes away it falls silent; rich would end the program, be it amid an apply."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # What is still in the buffer goes nowhere, rather than make the interpreter complain at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def stdout(options: Options) -> Console:
    return _console(options, sys.stdout)


def stderr(options: Options) -> Console:
    return _console(options, sys.stderr, stderr=True)


def coloured(options: Options, environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Who says no is heard before who says yes: --no-color, NO_COLOR, a terminal that knows nothing; FORCE_COLOR,
    which systems of CI set whose logs show colours; and otherwise a terminal has colours, and nothing else.
    """
    if options.no_color or environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    forced = environment.get("FORCE_COLOR")
    return terminal if not forced else forced.lower() not in _OFF


def live(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether what was written can be written over. That a log shows colours does not mean that it can do that."""
    return stream.isatty() and environment.get("TERM") != "dumb"


def _console(options: Options, stream: TextIO, **more: Any) -> Console:  # noqa: ANN401 (rich's own options)
    colours = coloured(options, os.environ, terminal=stream.isatty())
    return PatientConsole(
        # Bold and dim are escape codes too: without colours there are none at all.
        color_system="auto" if colours else None,
        force_terminal=colours or stream.isatty(),
        highlight=False,
        markup=False,
        emoji=False,
        **more,
    )
