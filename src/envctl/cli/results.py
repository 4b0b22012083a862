"""Results of commands without a use case."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar

from envctl.domain.errors import EnvctlError


@dataclass(frozen=True)
class Version:
    version: str


@dataclass(frozen=True)
class SandboxState:
    """State of the sandbox: `died` means its content is lost, `stopped` that this command stopped it."""

    state: Literal["running", "died", "stopped", "off"]
    proxy_url: str = ""
    started_at: str = ""
    next: str = ""


@dataclass(frozen=True)
class ReportFile:
    """A written report: `size` is in bytes, the other numbers count its entries."""

    path: str
    size: int
    environments: int
    releases: int
    deployments: int


T = TypeVar("T")


@dataclass(frozen=True)
class Observation(Generic[T]):
    """The last successful value and its time; `error` and `failed_at` are set if the latest attempt failed."""

    value: T
    seen_at: datetime
    error: EnvctlError | None = None
    failed_at: datetime | None = None
