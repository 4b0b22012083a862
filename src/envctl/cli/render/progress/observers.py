"""Progress output during a command: live on a terminal, or as plain lines in a log."""

from collections import Counter
from contextlib import contextmanager, nullcontext
from threading import RLock
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from envctl.cli.render.progress.board import ProgressBoard, RunningResource, StackProgress
from envctl.cli.render.terminal.plan import show_plan
from envctl.cli.render.terminal.text import join_text, print_nowrap, print_text
from envctl.cli.render.text.escapes import escape_text
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.text.times import format_seconds
from envctl.cli.render.text.widths import pad_text, shorten_middle
from envctl.cli.render.words.plan.actions import SYMBOLS
from envctl.cli.render.words.plan.plan import is_summarized
from envctl.domain.plan.changes import Action, EnvironmentPlan
from envctl.usecases.ports.terraform import ProgressEvent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from envctl.usecases.ports.bucket_report import BucketReport

# For a running and for an ended change.
VERBS: dict[Action | None, tuple[str, str]] = {
    None: ("at work on", "done"),
    Action.CREATE: ("creating", "created"),
    Action.UPDATE: ("updating", "updated"),
    Action.REPLACE: ("replacing", "replaced"),
    Action.DELETE: ("deleting", "deleted"),
    Action.FORGET: ("forgetting", "forgotten"),
    Action.READ: ("reading", "read"),
    Action.MOVE: ("moving", "moved"),
    Action.IMPORT: ("importing", "imported"),
    Action.RENEW: ("renewing", "renewed"),
    Action.INVOKE: ("running", "run"),
}
# Seconds until a log names a running change for the first time, and again.
STILL_AFTER_SECONDS = 10.0
STILL_INTERVAL_SECONDS = 30.0
# With a large plan, a log has a line after so many changes.
LARGE_STEP = 100


def _format_end(event: ProgressEvent) -> str:
    outcome = "FAILED" if event.phase == "failed" else VERBS[event.action][1]
    return f"{outcome} after {format_seconds(event.elapsed)}"


class TerminalObserver:
    """Draws running changes at the bottom of the screen; ended ones stay above. Thread-safe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._board = ProgressBoard(console.get_time)
        self._live: Live | None = None
        self._closed = False
        self._still = False
        self._is_large = False
        self._lock = RLock()

    def on_start(self, environments: "Sequence[str]") -> None:
        self._board.several = len(environments) > 1

    def on_progress(self, event: ProgressEvent) -> None:
        with self._lock:
            self._board.record_event(event)
            if event.phase in ("done", "failed") and event.action is not Action.READ:
                self._print_end(event)
            if self._live is None and not self._closed and not self._still:
                # Keep stdout separate: a piped result must not appear on the screen.
                self._live = Live(
                    BoardView(self._board),
                    console=self._console,
                    transient=True,
                    refresh_per_second=8,
                    redirect_stdout=False,
                )
                self._live.start()

    def _print_end(self, event: ProgressEvent) -> None:
        if event.phase == "done" and self._is_large:
            # The drawing below counts them.
            return
        mark, style = (("✗", "bold red"), "bold red") if event.phase == "failed" else (("✓", "green"), "dim")
        print_nowrap(self._console, mark, f" {event.stack}  {event.address} ", (_format_end(event), style))

    @contextmanager
    def pause_drawing(self) -> "Iterator[None]":
        """Suspend drawing during a question; events are still recorded."""
        with self._lock:
            self._still = True
            self._stop_drawing()
        try:
            yield
        finally:
            with self._lock:
                self._still = False

    def on_plan(self, plan: EnvironmentPlan, *, shown: bool = True) -> None:
        with self._lock:
            self._stop_drawing()
            self._board.expect_plan(plan)
            self._is_large = is_summarized(plan.stacks)
            if shown:
                show_plan(plan, self._console)

    def on_message(self, message: str) -> None:
        with self._lock:
            print_text(self._console, message)

    def on_bucket_plan(self, buckets: "Sequence[BucketReport]") -> None:
        with self._lock:
            _show_intended(buckets, self._console)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._stop_drawing()

    def _stop_drawing(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()


class BoardView:
    """Renders the board as lines within the window."""

    def __init__(self, board: ProgressBoard) -> None:
        # Imported here: logs never need it.
        from rich.spinner import Spinner

        self._board = board
        self._spinner = Spinner("dots")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = max(1, (options.height or console.height) - 1)
        frame = self._spinner.render(console.get_time())
        # Leave room for the ^C echo of a terminal: a wrapped line could not be erased.
        width = options.max_width - len("^C") - 1
        lines = [
            line for stack in self._board.list_unfinished() for line in self._render_stack(stack, width, str(frame))
        ]
        if lines and self._board.planned:
            lines.append(join_text((f"  and {format_count(self._board.planned, 'stack')} planned", "dim")))
        if len(lines) > room:
            lines[room - 1 :] = [join_text((f"  … and {len(lines) - room + 1} more", "dim"))]
        for line in lines:
            line.no_wrap = True
            line.truncate(width, overflow="ellipsis")
            yield line

    def _render_stack(self, stack: StackProgress, width: int, frame: str) -> list[Text]:
        running = sorted(stack.running.values(), key=lambda each: each.started_at)
        spinner = "" if running else f"{frame} "
        head = join_text(spinner, (stack.name, "bold"), f"  {self._format_stack_progress(stack)}")
        return [head, *(self._render_row(each, width, frame) for each in running)]

    def _format_stack_progress(self, stack: StackProgress) -> str:
        elapsed = format_seconds(self._board.clock() - stack.started_at)
        match stack.phase:
            case "init":
                return f"init {elapsed}"
            case "plan" | "refresh":
                read = f", {format_count(len(stack.refreshed), 'resource')} read" if stack.refreshed else ""
                return f"plan {elapsed}{read}"
            case _:
                total = f" of {len(stack.expected)}" if stack.expected else ""
                return f"{stack.done_count}{total} done, {len(stack.running)} running, {elapsed}"

    def _render_row(self, running: RunningResource, width: int, frame: str) -> Text:
        action = running.action
        symbol = SYMBOLS[action] if action else ""
        elapsed = format_seconds(self._board.clock() - running.started_at).rjust(8)
        start = f"  {frame} {symbol:<3} {VERBS[action][0]:<10} "
        room = max(8, width - len(start) - len(elapsed) - 1)
        address = pad_text(shorten_middle(escape_text(running.address), room), room)
        return join_text(start, (address, "bold"), " ", (elapsed, "dim"))


class PlainObserver:
    """Prints lines for a log, without times of day: CI logs add their own."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._several = False
        self._is_large = False
        self._done_counts: Counter[str] = Counter()
        self._still: dict[tuple[str, str], float] = {}

    def on_start(self, environments: "Sequence[str]") -> None:
        self._several = len(environments) > 1

    def on_progress(self, event: ProgressEvent) -> None:
        if line := self._format_line(event):
            print_nowrap(self._console, f"[{self._format_stack_name(event)}] {line}")

    def _format_stack_name(self, event: ProgressEvent) -> str:
        return f"{event.environment}/{event.stack}" if self._several else event.stack

    def on_plan(self, plan: EnvironmentPlan, *, shown: bool = True) -> None:
        with self._outside_folds():
            self._is_large = is_summarized(plan.stacks)
            if shown:
                show_plan(plan, self._console)
                self._console.print()

    def on_message(self, message: str) -> None:
        with self._outside_folds():
            print_nowrap(self._console, message)

    def on_bucket_plan(self, buckets: "Sequence[BucketReport]") -> None:
        with self._outside_folds():
            _show_intended(buckets, self._console)
            self._console.print()

    def pause_drawing(self) -> "AbstractContextManager[None]":
        return nullcontext()

    # There are no folds either.
    _outside_folds = pause_drawing

    def close(self) -> None:
        """Do nothing: no drawing is left."""

    def _format_line(self, event: ProgressEvent) -> str:
        match event.phase:
            case "init" | "plan":
                return f"{event.phase} …"
            case "refresh" | "over":
                return ""
            case "started":
                # Short changes are reported at their end only, longer ones with later "still" events.
                self._still.pop((event.stack, event.address), None)
                return ""
            case "still":
                key = (event.stack, event.address)
                last = self._still.get(key)
                if event.elapsed < (STILL_AFTER_SECONDS if last is None else last + STILL_INTERVAL_SECONDS):
                    return ""
                self._still[key] = event.elapsed
                return f"still {VERBS[event.action][0]} {event.address} after {format_seconds(event.elapsed)}"
            case "done" if event.action is Action.READ:
                return ""
            case "done" if self._is_large:
                name = self._format_stack_name(event)
                self._done_counts[name] += 1
                done = self._done_counts[name]
                return "" if done % LARGE_STEP else f"{done} changes done"
            case "done" | "failed":
                return f"{event.address} {_format_end(event)}"


def _show_intended(buckets: "Sequence[BucketReport]", out: Console) -> None:
    # Imported here: no plan needs it.
    from envctl.cli.render.terminal.buckets import show_planned_buckets

    show_planned_buckets(buckets, out)
