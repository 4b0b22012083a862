"""What happens while it happens: live on a terminal, as plain lines in a log, or not at all."""

from contextlib import contextmanager, nullcontext
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from envctl.cli.render.console.plan.plan import SYMBOLS, show_plan
from envctl.cli.render.progress.running_stacks import Board, Running, StackBoard
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import joined, padded, say, shortened, visible, whole
from envctl.cli.render.terminal.times import lasting
from envctl.domain.plan.changes import Action, EnvironmentPlan
from envctl.usecases.ports.terraform import Progressed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from contextlib import AbstractContextManager

    from envctl.usecases.ports.bucket_report import BucketReport

DOING = {
    Action.CREATE: "creating",
    Action.UPDATE: "updating",
    Action.REPLACE: "replacing",
    Action.DELETE: "deleting",
    Action.FORGET: "forgetting",
    Action.READ: "reading",
    Action.MOVE: "moving",
    Action.IMPORT: "importing",
    Action.RENEW: "renewing",
    Action.INVOKE: "running",
}
DONE = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.FORGET: "forgotten",
    Action.READ: "read",
    Action.MOVE: "moved",
    Action.IMPORT: "imported",
    Action.RENEW: "renewed",
    Action.INVOKE: "run",
}
STILL_FROM = 10.0
STILL_EVERY = 30.0
FRAMES_A_SECOND = 8


def _ended(event: Progressed) -> str:
    if event.phase == "failed":
        return f"FAILED after {lasting(event.elapsed)}"
    return f"{DONE[event.action] if event.action else 'done'} after {lasting(event.elapsed)}"


class TerminalObserver:
    """Draws at the bottom of the screen what runs now; what has ended stays above it. Events may come from threads."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._board = Board(console.get_time)
        self._live: Live | None = None
        self._closed = False
        self._still = False
        self._lock = RLock()

    def begins(self, environments: "Sequence[str]") -> None:
        self._board.several = len(environments) > 1

    def progressed(self, event: Progressed) -> None:
        with self._lock:
            self._board.note(event)
            if event.phase in ("done", "failed") and event.action is not Action.READ:
                self._keep(event)
            if self._live is None and not self._closed and not self._still:
                self._start()

    @contextmanager
    def still(self) -> "Iterator[None]":
        """While somebody is asked something: what happens is kept, and nothing is drawn over the question."""
        with self._lock:
            self._still = True
            self._stop()
        try:
            yield
        finally:
            with self._lock:
                self._still = False

    def planned(self, plan: EnvironmentPlan) -> None:
        with self._lock:
            self._stop()
            self._board.expect(plan)
            show_plan(plan, self._console)

    def said(self, message: str) -> None:
        with self._lock:
            say(self._console, message)

    def intends(self, buckets: "Sequence[BucketReport]") -> None:
        with self._lock:
            _show_intended(buckets, self._console)

    def hides(self, values: "Collection[object]", public: "Collection[str]" = ()) -> None:
        """Nobody else writes on this screen."""

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _keep(self, event: Progressed) -> None:
        failed = event.phase == "failed"
        mark = ("✗", "bold red") if failed else ("✓", "green")
        text = f" {event.stack}  {event.address} "
        whole(self._console, joined(mark, text, (_ended(event), "bold red" if failed else "dim")))

    def _start(self) -> None:
        # Standard output stays its own: a result that is piped into a file must not land on the screen.
        self._live = Live(
            Drawn(self._board),
            console=self._console,
            transient=True,
            refresh_per_second=FRAMES_A_SECOND,
            redirect_stdout=False,
        )
        self._live.start()

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()


class Drawn:
    """The board as lines that fit the window."""

    def __init__(self, board: Board) -> None:
        # A log never needs it.
        from rich.spinner import Spinner

        self._board = board
        self._spinner = Spinner("dots")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = max(1, (options.height or console.height) - 1)
        frame = self._spinner.render(console.get_time())
        # Room for the ^C that a terminal echoes: were it to begin a new line, one of ours would stay on the screen.
        width = options.max_width - len("^C") - 1
        lines = [line for stack in self._board.shown() for line in self._stack(stack, width, str(frame))]
        if lines and self._board.planned:
            lines.append(joined((f"  and {counted(self._board.planned, 'stack')} planned", "dim")))
        if len(lines) > room:
            lines[room - 1 :] = [joined((f"  … and {len(lines) - room + 1} more", "dim"))]
        for line in lines:
            line.no_wrap = True
            line.truncate(width, overflow="ellipsis")
            yield line

    def _stack(self, stack: StackBoard, width: int, frame: str) -> list[Text]:
        running = sorted(stack.running.values(), key=lambda each: each.since)
        own = "" if running else f"{frame} "
        head = joined(own, (stack.name, "bold"), f"  {self._told(stack)}")
        return [head, *(self._row(each, width, frame) for each in running)]

    def _told(self, stack: StackBoard) -> str:
        elapsed = lasting(self._board.clock() - stack.since)
        match stack.phase:
            case "init":
                return f"init {elapsed}"
            case "plan" | "refresh":
                read = f", {counted(len(stack.refreshed), 'resource')} read" if stack.refreshed else ""
                return f"plan {elapsed}{read}"
            case _:
                of = f" of {stack.total}" if stack.total else ""
                return f"{stack.done}{of} done, {len(stack.running)} running, {elapsed}"

    def _row(self, running: Running, width: int, frame: str) -> Text:
        action = running.action
        word = DOING[action] if action else "at work on"
        symbol = SYMBOLS[action] if action else ""
        elapsed = lasting(self._board.clock() - running.since).rjust(8)
        start = f"  {frame} {symbol:<3} {word:<10} "
        room = max(8, width - len(start) - len(elapsed) - 1)
        address = padded(shortened(visible(running.address), room), room)
        return joined(start, (address, "bold"), " ", (elapsed, "dim"))


class PlainObserver:
    """Lines for a log, without times of day: the log has its own."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._several = False
        self._still: dict[tuple[str, str], float] = {}

    def begins(self, environments: "Sequence[str]") -> None:
        self._several = len(environments) > 1

    def still(self) -> "AbstractContextManager[None]":
        return nullcontext()

    def progressed(self, event: Progressed) -> None:
        line = self._line(event)
        if line:
            whole(self._console, f"[{self._where(event)}] {line}")

    def _where(self, event: Progressed) -> str:
        return f"{event.environment}/{event.stack}" if self._several else event.stack

    def planned(self, plan: EnvironmentPlan) -> None:
        show_plan(plan, self._console)
        self._console.print()

    def said(self, message: str) -> None:
        whole(self._console, message)

    def intends(self, buckets: "Sequence[BucketReport]") -> None:
        _show_intended(buckets, self._console)
        self._console.print()

    def hides(self, values: "Collection[object]", public: "Collection[str]" = ()) -> None:
        """Nobody else writes into this log."""

    def close(self) -> None:
        """Every line is out already."""

    def _line(self, event: Progressed) -> str:
        match event.phase:
            case "init":
                return "init …"
            case "plan":
                return "plan …"
            case "refresh" | "over":
                return ""
            case "started":
                # Most is done at once, and said then; what takes longer is told of while it does.
                self._still.pop((event.stack, event.address), None)
                return ""
            case "still":
                return self._patient(event)
            case "done" if event.action is Action.READ:
                return ""
            case "done" | "failed":
                return f"{event.address} {_ended(event)}"

    def _patient(self, event: Progressed) -> str:
        key = (event.stack, event.address)
        last = self._still.get(key)
        if event.elapsed < (STILL_FROM if last is None else last + STILL_EVERY):
            return ""
        self._still[key] = event.elapsed
        return f"still {_doing(event)} {event.address} after {lasting(event.elapsed)}"


def _show_intended(buckets: "Sequence[BucketReport]", out: Console) -> None:
    # Every plan imports this file, and no plan needs that one.
    from envctl.cli.render.console.project.bootstrap import show_intended

    show_intended(buckets, out)


def _doing(event: Progressed) -> str:
    return DOING[event.action] if event.action else "at work on"
