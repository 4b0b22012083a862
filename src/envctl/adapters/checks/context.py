"""What a prober has to work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Asking:
    """`environment` is that of child processes. The clock only ever goes forward, in seconds. `redact` is for what is
    said by others, before it is cut: half a secret is still one.
    """

    root: Path
    environment: Mapping[str, str]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    redact: Callable[[str], str] = str
