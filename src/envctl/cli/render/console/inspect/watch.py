"""A status that is watched: in place on a terminal, and block by block, or line by line, where it is kept."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from rich.console import Console

from envctl.cli.render.console.inspect.status import show_status
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.next_commands import IN_SANDBOX
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import joined, plain, say, whole
from envctl.cli.results import Seen
from envctl.domain.errors import EnvctlError
from envctl.usecases.inspect.status import Status

HOME, REST_OF_LINE, REST_OF_SCREEN = "\x1b[H", "\x1b[K", "\x1b[J"
# A line that is too long is cut at the edge: wrapped, it would move all that is below it.
NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"

SeenStatus = Seen[Status]


def always(_before: SeenStatus, _seen: SeenStatus) -> bool:
    """On a screen: how long ago everything was changes too."""
    return True


def changed(before: SeenStatus, seen: SeenStatus) -> bool:
    """Whether more than time has passed."""
    return _told(before) != _told(seen)


@dataclass
class Screen:
    """The terminal's other screen. It draws over what it drew before, and clears nothing first: that would flicker."""

    out: Console
    interval: int
    last: SeenStatus | None = None

    def show(self, seen: SeenStatus) -> None:
        if self.last is None:
            self.out.set_alt_screen(True)
            self.out.show_cursor(False)
            self.out.file.write(NO_WRAP)
        self.last = seen
        lines, room = self._lines(seen), self.out.height
        if len(lines) > room:
            more = len(lines) - room + 1
            lines[room - 1 :] = [f"… {counted(more, 'more line')}: they need a higher terminal"]
        self.out.file.write(HOME + f"{REST_OF_LINE}\n".join(lines) + REST_OF_LINE + REST_OF_SCREEN)
        self.out.file.flush()

    def close(self) -> None:
        """What was seen last stays on the usual screen."""
        if self.last is None:
            return
        # The terminal itself may be gone.
        with contextlib.suppress(OSError):
            self.out.file.write(WRAP)
            self.out.show_cursor(True)
            self.out.set_alt_screen(False)
            show_status(self.last.what, self.out)

    def _lines(self, seen: SeenStatus) -> list[str]:
        with self.out.capture() as captured:
            self._head(seen)
            show_status(seen.what, self.out)
        return captured.get().rstrip("\n").split("\n")

    def _head(self, seen: SeenStatus) -> None:
        sandbox = "SANDBOX · " if IN_SANDBOX.get() else ""
        told = f"{sandbox}watching every {self.interval} s · looked at {_clock(seen.at)} · Ctrl-C ends it"
        say(self.out, plain(told, "dim"))
        if seen.error is not None:
            told = f"the look at {_clock(seen.failed_at)} failed: below is what was seen at {_clock(seen.at)}"
            say(self.out, joined(("! ", "bold red"), told))
            show_problems(seen.error.problems, self.out, "error", "bold red", 2)
        self.out.print()


@dataclass
class Log:
    """One block a change, with its time. What went wrong goes where errors go."""

    out: Console
    err: Console

    def show(self, seen: SeenStatus) -> None:
        if seen.error is None:
            whole(self.out, plain(f"--- {_moment(seen.at)}", "dim"))
            show_status(seen.what, self.out)
            self.out.file.flush()
        else:
            whole(self.err, plain(f"--- {_moment(seen.failed_at)}: this look failed", "dim"))
            show_problems(seen.error.problems, self.err, "error", "bold red")

    def close(self) -> None:
        """Nothing was opened."""


@dataclass
class Lines:
    """One document a change."""

    write: Callable[[Status | None, EnvctlError | None], None]

    def show(self, seen: SeenStatus) -> None:
        self.write(None if seen.error else seen.what, seen.error)

    def close(self) -> None:
        """Nothing was opened."""


def _told(seen: SeenStatus) -> object:
    return replace(seen.what, now=datetime.min), tuple(seen.error.problems) if seen.error else ()


def _clock(at: datetime | None) -> str:
    return f"{at.astimezone():%H:%M:%S}" if at else ""


def _moment(at: datetime | None) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S %Z}" if at else ""
