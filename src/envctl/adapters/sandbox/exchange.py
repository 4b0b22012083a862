"""One HTTP exchange as values: what the proxy hands to whatever answers for AWS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """`target` is the path with its query, as it stood on the wire."""

    method: str
    scheme: str
    host: str
    target: str
    headers: Headers
    body: bytes


@dataclass(frozen=True)
class Response:
    """`status` is code and reason, as in `404 Not Found`."""

    status: str
    headers: Headers
    body: bytes


class Cloud(Protocol):
    """What answers for AWS: moto in this process, or another endpoint."""

    def answer(self, request: Request) -> Response: ...

    def make_bucket(self, name: str, region: str, account_id: str) -> None:
        """Create a versioned bucket in an account; one that is there is left as it is. Raises ValueError."""
        ...

    def warm_up(self, places: Sequence[tuple[str, str]]) -> None:
        """Do now what the first call to these (account, region) pairs would wait for."""
        ...
