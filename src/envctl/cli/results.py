"""Results of commands that need no use case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from envctl.domain.errors import EnvctlError


@dataclass(frozen=True)
class SandboxState:
    """`state` is died where what it held is lost, and stopped where it ran until just now."""

    state: Literal["running", "died", "stopped", "off"]
    proxy_url: str = ""
    started_at: str = ""
    next: str = ""


@dataclass(frozen=True)
class ReportWritten:
    """`size` is in bytes; the rest counts what is shown."""

    path: str
    size: int
    environments: int
    releases: int
    deployments: int


T = TypeVar("T")


@dataclass(frozen=True)
class Seen(Generic[T]):
    """`what` and `at` are of the last look that did not fail; `error` and `failed_at` of the last one, if it did."""

    what: T
    at: datetime
    error: EnvctlError | None = None
    failed_at: datetime | None = None
