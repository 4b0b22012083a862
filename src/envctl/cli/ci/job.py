"""What a command may tell the job that it runs in. Each system of CI has a language of its own for it."""

from collections.abc import Collection
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError


class Job(Protocol):
    """`opened` and `closed` are lines of the log around what is folded under a title; `name` tells folds apart."""

    def opened(self, name: str, title: str) -> str: ...

    def closed(self, name: str) -> str: ...

    def hide(self, values: Collection[str]) -> None:
        """None of these shall be seen in the log, whoever writes it."""

    def demand_forge(self) -> None:
        """Raises UsageError where nobody could be told what `--comment` and `--issues` promise to tell."""

    def ended(self, command: str, result: object | None, error: "EnvctlError | None", code: int) -> None:
        """The command is over. There is a result, an error, or both. Raises EnvctlError where somebody who was to be
        told of it could not be.
        """
