"""The CI job of a command: what all CI systems have in common."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from envctl.cli.options.global_options import Options

if TYPE_CHECKING:
    from envctl.cli.ci.forge_publisher import Forge, ForgePublisher
    from envctl.domain.errors import EnvctlError


class CiJob(ABC):
    """A job of a CI system. It formats the log lines around a fold; `name` identifies the fold."""

    def __init__(self, options: Options, environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment

    @abstractmethod
    def format_fold_start(self, name: str, title: str) -> str: ...

    @abstractmethod
    def format_fold_end(self, name: str) -> str: ...

    def mask_values(self, values: Collection[str]) -> None:  # noqa: B027 (GitLab can't mask values at run time)
        """Mask these values in the log, from any source."""

    def require_forge(self) -> None:
        """Check that `--comment` and `--issues` can be served. Raises UsageError."""
        self._forge_publisher.require_forge(self._options)

    def publish_result(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:  # noqa: ARG002
        """Publish the result, the error, or both. Raises EnvctlError if a comment or issue can't be written."""
        self._forge_publisher.publish_result(self._options, command, result, error)

    @property
    def _forge_publisher(self) -> "ForgePublisher":
        from envctl.cli.ci.forge_publisher import ForgePublisher

        return ForgePublisher(self._create_api, self._find_pull_request)

    @abstractmethod
    def _create_api(self) -> "Forge": ...

    @abstractmethod
    def _find_pull_request(self) -> int: ...
