"""Rich consoles. Results go to stdout; progress, questions and errors to stderr."""

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from rich.console import Console

from envctl.cli.options.global_options import Options

_FALSE_WORDS = ("", "0", "false", "no")


class PipeSafeConsole(Console):
    """Falls silent on a broken pipe (head, less); rich would end the program, even during an apply."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        # Discard the buffer: the interpreter would complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


def has_color(options: Options, environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Decide on color, in this order: no for --no-color, NO_COLOR and dumb terminals; then FORCE_COLOR, set by CI
    systems with colored logs; then yes for terminals only.
    """
    if options.no_color or environment.get("NO_COLOR") or environment.get("TERM") == "dumb":
        return False
    forced = environment.get("FORCE_COLOR")
    return terminal if not forced else forced.lower() not in _FALSE_WORDS


def can_redraw(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Check for a terminal that can redraw lines. A log with color is none."""
    return stream.isatty() and environment.get("TERM") != "dumb"


def create_console(options: Options, *, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    color = has_color(options, os.environ, terminal=stream.isatty())
    return PipeSafeConsole(
        # Without color, disable all escape codes: bold and dim too.
        color_system="auto" if color else None,
        force_terminal=color or stream.isatty(),
        highlight=False,
        markup=False,
        emoji=False,
        stderr=stderr,
    )
