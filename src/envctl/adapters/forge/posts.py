"""Comments and issues on a forge."""

from dataclasses import dataclass

from envctl.domain.errors import OperationFailedError


@dataclass(frozen=True)
class ForgePost:
    number: int
    title: str
    body: str
    machine: bool  # not written by a person


class UncertainPostError(OperationFailedError):
    """The response to a new comment or issue was lost: it may have been written all the same."""
