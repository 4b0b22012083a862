"""The context of a running check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunContext:
    """Project folder, environment, clock and redaction for a check."""

    root: Path
    environment: Mapping[str, str]  # of child processes
    clock: Callable[[], float]  # monotonic, in seconds
    sleep: Callable[[float], None]
    redact: Callable[[str], str] = str  # for texts of others, before they are shortened: half a secret is still one
    withheld: tuple[str, ...] = ()  # names of the variables removed from the environment
