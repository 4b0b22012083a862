"""The interface to the CI job of a command, implemented for each CI system."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError


class CiJob(Protocol):
    """A job of a CI system. It formats the log lines around a fold; `name` identifies the fold."""

    def format_fold_start(self, name: str, title: str) -> str: ...

    def format_fold_end(self, name: str) -> str: ...

    def mask_values(self, values: Collection[str]) -> None:
        """Mask these values in the log, from any source."""

    def require_forge(self) -> None:
        """Check that `--comment` and `--issues` can be served. Raises UsageError."""

    def publish_result(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:
        """Publish the result, the error, or both. Raises EnvctlError if a comment or issue can't be written."""
