"""Observer and Consent that load what they need of rich only once there is something to say."""

import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING

from envctl.cli.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envctl.cli.render.progress import PlainObserver, SilentObserver, TerminalObserver
    from envctl.domain.changes import EnvironmentPlan
    from envctl.domain.errors import StateLock
    from envctl.domain.secrets import SecretChange
    from envctl.usecases.bucket_report import BucketReport
    from envctl.usecases.ports import Consent, Observer, Progressed


class LateObserver:
    """For a terminal, for a log, or silent where a machine reads."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._opened: TerminalObserver | PlainObserver | SilentObserver | None = None

    def progressed(self, event: "Progressed") -> None:
        self._observer.progressed(event)

    def planned(self, plan: "EnvironmentPlan") -> None:
        self._observer.planned(plan)

    def said(self, message: str) -> None:
        self._observer.said(message)

    def intends(self, buckets: "Sequence[BucketReport]") -> None:
        self._observer.intends(buckets)

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def _observer(self) -> "Observer":
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def _open(self) -> "TerminalObserver | PlainObserver | SilentObserver":
        from envctl.cli.consoles import live, stderr
        from envctl.cli.render.progress import PlainObserver, SilentObserver, TerminalObserver

        if self._options.json:
            return SilentObserver()
        console = stderr(self._options)
        return TerminalObserver(console) if live(sys.stderr, os.environ) else PlainObserver(console)


class LateConsent:
    def __init__(self, options: Options) -> None:
        self._options = options

    def given(self, plan: "EnvironmentPlan", *, again: bool) -> bool:
        return self._consent.given(plan, again=again)

    def approves(self, plan: "EnvironmentPlan", gate: str, notes: "Sequence[str]") -> bool:
        return self._consent.approves(plan, gate, notes)

    def breaks(self, lock: "StateLock") -> bool:
        return self._consent.breaks(lock)

    def puts(self, change: "SecretChange") -> bool:
        return self._consent.puts(change)

    def makes(self, buckets: "Sequence[BucketReport]") -> bool:
        return self._consent.makes(buckets)

    def chooses(self, question: str, otherwise: str, wrong: "Callable[[str], str]") -> str:
        return self._consent.chooses(question, otherwise, wrong) if self._interactive else otherwise

    @cached_property
    def _consent(self) -> "Consent":
        from envctl.cli.consoles import stderr
        from envctl.cli.render.consent import TerminalConsent

        return TerminalConsent(stderr(self._options), yes=self._options.yes, interactive=self._interactive)

    @property
    def _interactive(self) -> bool:
        return sys.stdin.isatty() and sys.stderr.isatty() and not self._options.json
