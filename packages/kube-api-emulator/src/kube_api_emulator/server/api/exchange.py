"""Requests, answers and streams as values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from kube_api_emulator.server.api.watching import Frame


@dataclass(frozen=True)
class ApiRequest:
    """A request to a cluster.

    Attributes:
        target: path and query, not decoded.
        headers: by names in lower case.
    """

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class ApiAnswer:
    """An answer with its whole body. One that is `plain` has the same bytes whatever the client asks for."""

    code: int
    body: bytes
    media: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    is_lost: bool = False
    is_plain: bool = False


@dataclass(frozen=True)
class ApiStream:
    """The frames of a watch.

    Attributes:
        open: returns the frames; its argument tells whether the client is gone.
        cut_after: number of frames after which the connection breaks; None for never.
    """

    open: Callable[[Callable[[], bool]], Iterator[Frame]]
    cut_after: int | None = None
