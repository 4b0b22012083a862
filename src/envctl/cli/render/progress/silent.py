"""The observer without output. A module of its own: it must not import rich."""

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from contextlib import AbstractContextManager

    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.usecases.ports.bucket_report import BucketReport
    from envctl.usecases.ports.terraform import ProgressEvent


class SilentObserver:
    """Ignores all events: a machine reads the result. The base of the observers with output."""

    def on_start(self, environments: "Sequence[str]") -> None: ...

    def pause_drawing(self) -> "AbstractContextManager[None]":
        return nullcontext()

    def on_progress(self, event: "ProgressEvent") -> None: ...

    def on_plan(self, plan: "EnvironmentPlan") -> None: ...

    def on_message(self, message: str) -> None: ...

    def on_bucket_plan(self, buckets: "Sequence[BucketReport]") -> None: ...

    def redact(self, values: "Collection[object]", public: "Collection[str]" = ()) -> None:
        """Ignore the values: envctl redacts all output of observers itself."""

    def close(self) -> None:
        """Do nothing: no drawing is left."""
