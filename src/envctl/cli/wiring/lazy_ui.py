"""Observer and Consent that load what they need of rich only once there is something to say."""

import os
import sys
from contextlib import nullcontext
from functools import cached_property
from threading import RLock
from typing import TYPE_CHECKING

from envctl.cli.ci import job_of
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractContextManager

    from envctl.cli.render.progress.live import PlainObserver, TerminalObserver
    from envctl.cli.render.progress.silent import SilentObserver
    from envctl.domain.aws.secret_status import SecretChange
    from envctl.domain.errors import StateLock
    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.usecases.ports.bucket_report import BucketReport
    from envctl.usecases.ports.core import Consent, Observer
    from envctl.usecases.ports.terraform import Progressed


class LateObserver:
    """For a terminal, for a log, or silent where a machine reads. It may be told things from several threads."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._opened: TerminalObserver | PlainObserver | SilentObserver | None = None
        self._opening = RLock()
        self._environments: Sequence[str] = ()
        self._job = job_of(options, os.environ)

    def begins(self, environments: "Sequence[str]") -> None:
        # Nothing is shown yet: what is needed for that is loaded while Terraform loads too.
        self._environments = environments
        if self._opened is not None:
            self._opened.begins(environments)

    def progressed(self, event: "Progressed") -> None:
        self._observer.progressed(event)

    def planned(self, plan: "EnvironmentPlan") -> None:
        self._observer.planned(current().redact_all(plan))

    def said(self, message: str) -> None:
        self._observer.said(current().redact(message))

    def intends(self, buckets: "Sequence[BucketReport]") -> None:
        self._observer.intends(buckets)

    def hides(self, values: "Collection[object]", public: "Collection[str]" = ()) -> None:
        parts = current().learn(values, public)
        if self._job is not None and parts:
            self._job.hide(parts)

    def still(self) -> "AbstractContextManager[None]":
        """While it lasts, what happens is kept and not drawn."""
        return self._opened.still() if self._opened is not None else nullcontext()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def _observer(self) -> "Observer":
        with self._opening:
            if self._opened is None:
                self._opened = self._open()
                self._opened.begins(self._environments)
            return self._opened

    def _open(self) -> "TerminalObserver | PlainObserver | SilentObserver":
        if self._options.json:
            from envctl.cli.render.progress.silent import SilentObserver

            return SilentObserver()
        from envctl.cli.output.consoles import live, stderr
        from envctl.cli.render.progress.live import PlainObserver, TerminalObserver

        console = stderr(self._options)
        if self._job is not None:
            from envctl.cli.render.progress.log_folds import FoldingObserver

            return FoldingObserver(console, self._job)
        return TerminalObserver(console) if live(sys.stderr, os.environ) else PlainObserver(console)


class LateConsent:
    """While somebody is asked, nothing is drawn over the question."""

    def __init__(self, options: Options, observer: LateObserver) -> None:
        self._options = options
        self._observer = observer

    def given(self, plan: "EnvironmentPlan", *, again: bool) -> bool:
        with self._observer.still():
            return self._consent.given(current().redact_all(plan), again=again)

    def approves(self, plan: "EnvironmentPlan", gate: str, notes: "Sequence[str]") -> bool:
        return self._consent.approves(current().redact_all(plan), gate, notes)

    def approves_rules(self, environment: str, gate: str, changes: "Sequence[str]") -> bool:
        return self._consent.approves_rules(environment, gate, changes)

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
        from envctl.cli.output.consoles import stderr
        from envctl.cli.render.progress.prompts import TerminalConsent

        return TerminalConsent(stderr(self._options), yes=self._options.yes, interactive=self._interactive)

    @property
    def _interactive(self) -> bool:
        return sys.stdin.isatty() and sys.stderr.isatty() and not self._options.json
