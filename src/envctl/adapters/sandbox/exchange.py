"""HTTP requests and responses as values, and the protocol of a backend in the role of AWS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """An HTTP request with its whole body."""

    method: str
    scheme: str
    host: str
    target: str  # path and query, not decoded
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Response:
    """An HTTP response with its whole body."""

    status: str  # code and reason: `404 Not Found`
    headers: Headers
    body: bytes


class Cloud(Protocol):
    """The backend in the role of AWS: moto in this process, or another endpoint."""

    def answer_request(self, request: Request) -> Response: ...

    def create_bucket(self, name: str, region: str, account_id: str) -> None:
        """Create a versioned bucket in an account unless it exists. Raises ValueError if it cannot be created."""
        ...

    def warm_up(self, places: Sequence[tuple[str, str]]) -> None:
        """Load the services in advance that the first calls to these (account, region) pairs need."""
        ...
