"""The observer that imports rich only on the first output."""

import os
import sys
from contextlib import nullcontext
from threading import RLock
from typing import TYPE_CHECKING

from envctl.cli.ci import detect_job
from envctl.cli.options.global_options import Options
from envctl.cli.output.redaction import current_redaction

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from contextlib import AbstractContextManager

    from envctl.cli.render.progress.observers import PlainObserver, TerminalObserver
    from envctl.cli.render.progress.silent import SilentObserver
    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.domain.reading.reading import Reading
    from envctl.usecases.ports.bucket_report import BucketReport
    from envctl.usecases.ports.terraform import ProgressEvent


class LateObserver:
    """Forwards events to a terminal, log or silent observer, built on the first event. Thread-safe."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._opened: TerminalObserver | PlainObserver | SilentObserver | None = None
        self._opening = RLock()
        self._environments: Sequence[str] = ()
        self._job = detect_job(options, os.environ)
        self._readings: list[Reading] = []

    def on_start(self, environments: "Sequence[str]") -> None:
        # Shows nothing yet: the imports for it run in parallel to the start of Terraform.
        self._environments = environments
        if self._opened is not None:
            self._opened.on_start(environments)

    def on_progress(self, event: "ProgressEvent") -> None:
        self._active_observer.on_progress(event)

    def on_plan(self, plan: "EnvironmentPlan", *, shown: bool = True) -> None:
        self._active_observer.on_plan(current_redaction().redact_all(plan), shown=shown)

    @property
    def keeps_readings(self) -> bool:
        return self._options.page is not None

    def on_reading(self, reading: "Reading") -> None:
        if self._options.page is not None:
            from envctl.cli.output.reading_file import write_reading_file

            # A deployment confirms a stack anew that it had to plan again.
            self._readings.append(reading)
            write_reading_file(self._readings, self._options.page)

    def on_message(self, message: str) -> None:
        self._active_observer.on_message(current_redaction().redact(message))

    def on_bucket_plan(self, buckets: "Sequence[BucketReport]") -> None:
        self._active_observer.on_bucket_plan(buckets)

    def redact(self, values: "Collection[object]", public: "Collection[str]" = ()) -> None:
        parts = current_redaction().add_secrets(values, public)
        if self._job is not None and parts:
            self._job.mask_values(parts)

    def redact_document(self, text: str) -> str:
        return current_redaction().redact_json(text)

    def pause_drawing(self) -> "AbstractContextManager[None]":
        """Suspend drawing; events are still recorded."""
        return self._opened.pause_drawing() if self._opened is not None else nullcontext()

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()

    @property
    def _active_observer(self) -> "TerminalObserver | PlainObserver | SilentObserver":
        with self._opening:
            if self._opened is None:
                self._opened = self._create_observer()
                self._opened.on_start(self._environments)
            return self._opened

    def _create_observer(self) -> "TerminalObserver | PlainObserver | SilentObserver":
        if self._options.json:
            from envctl.cli.render.progress.silent import SilentObserver

            return SilentObserver()
        from envctl.cli.output.consoles import can_redraw, create_console
        from envctl.cli.render.progress.observers import PlainObserver, TerminalObserver

        console = create_console(self._options, stderr=True)
        if self._job is not None:
            from envctl.cli.render.progress.folding_observer import FoldingObserver

            return FoldingObserver(console, self._job)
        return TerminalObserver(console) if can_redraw(sys.stderr, os.environ) else PlainObserver(console)
