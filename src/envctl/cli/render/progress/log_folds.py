"""The log of a job in CI: what happens in each stack is folded away under a title, for who wants to read it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import RLock
from typing import TYPE_CHECKING, Protocol

from rich.console import Console

from envctl.cli.render.progress.live import PlainObserver
from envctl.cli.render.terminal.text import whole
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.ports.terraform import Progressed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envctl.usecases.ports.bucket_report import BucketReport


class Folds(Protocol):
    """Lines of the log around what is folded."""

    def opened(self, name: str, title: str) -> str: ...

    def closed(self, name: str) -> str: ...


@dataclass
class _Fold:
    """`worth` says whether anything is told of a resource: that a stack is planned is one line, and no fold."""

    title: str
    worth: bool = False
    lines: list[str] = field(default_factory=list)
    over: bool = False


class FoldingObserver(PlainObserver):
    """Folds don't lie in each other, and stacks run side by side. The one that began first is written down as it goes;
    what the others have to say is kept until it is over.
    """

    def __init__(self, console: Console, folds: Folds) -> None:
        super().__init__(console)
        self._folds = folds
        self._going: dict[str, _Fold] = {}
        self._open = ""
        self._lock = RLock()

    def progressed(self, event: Progressed) -> None:
        name = self._where(event)
        with self._lock:
            if event.phase == "over":
                self._over(name)
            elif line := self._line(event):
                fold = self._going.setdefault(name, _Fold(name))
                fold.worth = fold.worth or bool(event.address)
                fold.lines.append(f"[{name}] {line}")
                self._write()

    def planned(self, plan: EnvironmentPlan) -> None:
        self._apart(lambda: super(FoldingObserver, self).planned(plan))

    def said(self, message: str) -> None:
        self._apart(lambda: super(FoldingObserver, self).said(message))

    def intends(self, buckets: "Sequence[BucketReport]") -> None:
        self._apart(lambda: super(FoldingObserver, self).intends(buckets))

    def close(self) -> None:
        with self._lock:
            for fold in self._going.values():
                fold.over = True
            self._write()

    def _apart(self, say: Callable[[], None]) -> None:
        """What everybody is told is folded away with no stack."""
        with self._lock:
            self._shut()
            say()

    def _over(self, name: str) -> None:
        if name in self._going:
            self._going[name].over = True
            self._write()

    def _write(self) -> None:
        """As far as it can be: the oldest line by line, and after it those that are over meanwhile."""
        for name, fold in list(self._going.items()):
            if self._open not in ("", name):
                continue
            if fold.lines:
                if fold.worth and not self._open:
                    self._print(self._folds.opened(name, fold.title))
                    self._open = name
                for line in fold.lines:
                    whole(self._console, line)
                fold.lines.clear()
            if not fold.over:
                return
            self._shut()
            del self._going[name]

    def _shut(self) -> None:
        if self._open:
            self._print(self._folds.closed(self._open))
            self._open = ""

    def _print(self, line: str) -> None:
        """As it is: neither broken nor coloured, a mark is no mark any more."""
        self._console.file.write(f"{line}\n")
        self._console.file.flush()
