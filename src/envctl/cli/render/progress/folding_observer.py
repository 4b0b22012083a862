"""The progress log of a CI job, with a fold for each stack."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import RLock
from typing import Protocol

from rich.console import Console

from envctl.cli.render.progress.observers import PlainObserver
from envctl.cli.render.terminal.text import print_nowrap
from envctl.usecases.ports.terraform import ProgressEvent


class FoldMarkers(Protocol):
    """Formats the log lines around a fold, and writes them unwrapped."""

    def format_fold_start(self, name: str, title: str) -> str: ...

    def format_fold_end(self, name: str) -> str: ...

    def write_command(self, line: str) -> None: ...


@dataclass
class _Fold:
    title: str
    has_resources: bool = False  # has a line about a resource: a fold is opened only then
    lines: list[str] = field(default_factory=list)
    has_ended: bool = False


class FoldingObserver(PlainObserver):
    """Writes one fold at a time, because folds can't nest and stacks run in parallel. Lines of the oldest stack are
    written at once, lines of the others after its end.
    """

    def __init__(self, console: Console, folds: FoldMarkers) -> None:
        super().__init__(console)
        self._markers = folds
        self._pending: dict[str, _Fold] = {}
        self._open = ""
        self._lock = RLock()

    def on_progress(self, event: ProgressEvent) -> None:
        name = self._format_stack_name(event)
        with self._lock:
            if event.phase == "over" and name in self._pending:
                self._pending[name].has_ended = True
                self._write_ready_lines()
            elif line := self._format_line(event):
                fold = self._pending.setdefault(name, _Fold(name))
                fold.has_resources = fold.has_resources or bool(event.address)
                fold.lines.append(f"[{name}] {line}")
                self._write_ready_lines()

    def close(self) -> None:
        with self._lock:
            for fold in self._pending.values():
                fold.has_ended = True
            self._write_ready_lines()

    @contextmanager
    def _outside_folds(self) -> Iterator[None]:
        """Close the open fold, and hold back all lines of folds meanwhile."""
        with self._lock:
            self._close_fold()
            yield

    def _write_ready_lines(self) -> None:
        """Write the lines of the oldest fold, and then the folds that have ended meanwhile."""
        for name, fold in list(self._pending.items()):
            if self._open not in ("", name):
                continue
            if fold.lines:
                if fold.has_resources and not self._open:
                    self._markers.write_command(self._markers.format_fold_start(name, fold.title))
                    self._open = name
                for line in fold.lines:
                    print_nowrap(self._console, line)
                fold.lines.clear()
            if not fold.has_ended:
                return
            self._close_fold()
            del self._pending[name]

    def _close_fold(self) -> None:
        if self._open:
            self._markers.write_command(self._markers.format_fold_end(self._open))
            self._open = ""
