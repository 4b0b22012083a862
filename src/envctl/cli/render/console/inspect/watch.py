"""Watched status: in place on a terminal, as blocks in a log, or as JSON lines."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from rich.console import Console

from envctl.cli.render.console.inspect.status import show_status
from envctl.cli.render.terminal.text import print_nowrap, print_text, show_problems
from envctl.cli.render.text.next_commands import IN_SANDBOX
from envctl.cli.render.text.sentences import format_count
from envctl.cli.results import Observation
from envctl.domain.errors import EnvctlError
from envctl.usecases.inspect.status import Status

CURSOR_HOME, ERASE_LINE_END, ERASE_SCREEN_END = "\x1b[H", "\x1b[K", "\x1b[J"
# Long lines are cut at the edge: wrapping them would move the lines below.
CUT_LINES, WRAP_LINES = "\x1b[?7l", "\x1b[?7h"
LOG_TIME = "%Y-%m-%d %H:%M:%S %Z"

StatusObservation = Observation[Status]


def always_changed(_before: StatusObservation, _seen: StatusObservation) -> bool:
    """Treat every observation as a change, for screens: ages change too."""
    return True


def has_changed(before: StatusObservation, seen: StatusObservation) -> bool:
    """Check if more than the time differs."""
    one, other = (
        (replace(each.value, now=datetime.min), each.error and tuple(each.error.problems)) for each in (before, seen)
    )
    return one != other


@dataclass
class StatusScreen:
    """The terminal's alternate screen, overwritten in place: clearing it would flicker."""

    out: Console
    interval: int
    last: StatusObservation | None = None

    def show_observation(self, seen: StatusObservation) -> None:
        if self.last is None:
            self.out.set_alt_screen(True)
            self.out.show_cursor(False)
            self.out.file.write(CUT_LINES)
        self.last = seen
        with self.out.capture() as captured:
            self._print_header(seen)
            show_status(seen.value, self.out)
        lines, room = captured.get().rstrip("\n").split("\n"), self.out.height
        if len(lines) > room:
            more = len(lines) - room + 1
            lines[room - 1 :] = [f"… {format_count(more, 'more line')}: use a taller terminal"]
        self.out.file.write(CURSOR_HOME + f"{ERASE_LINE_END}\n".join(lines) + ERASE_LINE_END + ERASE_SCREEN_END)
        self.out.file.flush()

    def close(self) -> None:
        """Restore the normal screen and print the last status there."""
        if self.last is None:
            return
        # The terminal may be closed already.
        with contextlib.suppress(OSError):
            self.out.file.write(WRAP_LINES)
            self.out.show_cursor(True)
            self.out.set_alt_screen(False)
            show_status(self.last.value, self.out)

    def _print_header(self, seen: StatusObservation) -> None:
        sandbox = "SANDBOX · " if IN_SANDBOX.get() else ""
        seen_at, failed_at = _format_time(seen.seen_at, "%H:%M:%S"), _format_time(seen.failed_at, "%H:%M:%S")
        text = f"{sandbox}watching every {self.interval} s · checked at {seen_at} · Ctrl-C to stop"
        print_text(self.out, (text, "dim"))
        if seen.error is not None:
            text = f"the refresh at {failed_at} failed: below is the status of {seen_at}"
            print_text(self.out, ("! ", "bold red"), text)
            show_problems(seen.error.problems, self.out, "error", "bold red", 2)
        self.out.print()


@dataclass
class StatusLog:
    """One timestamped block per change; errors go to stderr."""

    out: Console
    err: Console

    def show_observation(self, seen: StatusObservation) -> None:
        if seen.error is None:
            print_nowrap(self.out, (f"--- {_format_time(seen.seen_at, LOG_TIME)}", "dim"))
            show_status(seen.value, self.out)
            self.out.file.flush()
        else:
            print_nowrap(self.err, (f"--- {_format_time(seen.failed_at, LOG_TIME)}: this refresh failed", "dim"))
            show_problems(seen.error.problems, self.err, "error", "bold red")


@dataclass
class JsonLines:
    """One JSON document per change."""

    write: Callable[[Status | None, EnvctlError | None], None]

    def show_observation(self, seen: StatusObservation) -> None:
        self.write(None if seen.error else seen.value, seen.error)


def _format_time(at: datetime | None, pattern: str) -> str:
    return at.astimezone().strftime(pattern) if at else ""
