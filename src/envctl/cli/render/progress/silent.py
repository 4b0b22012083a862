"""Nothing is shown of what happens. It stands alone: who shows nothing loads nothing to show it with."""

from contextlib import nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from contextlib import AbstractContextManager

    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.usecases.ports.bucket_report import BucketReport
    from envctl.usecases.ports.terraform import Progressed


class SilentObserver:
    """Says nothing: a machine reads the result."""

    def begins(self, environments: "Sequence[str]") -> None: ...

    def still(self) -> "AbstractContextManager[None]":
        return nullcontext()

    def progressed(self, event: "Progressed") -> None: ...

    def planned(self, plan: "EnvironmentPlan") -> None: ...

    def said(self, message: str) -> None: ...

    def intends(self, buckets: "Sequence[BucketReport]") -> None: ...

    def hides(self, values: "Collection[object]", public: "Collection[str]" = ()) -> None: ...

    def close(self) -> None: ...
