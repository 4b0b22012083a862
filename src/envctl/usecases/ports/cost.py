"""Configuration of the external cost program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CostSource:
    """A cost program, and the location of the planned resources."""

    command: tuple[str, ...]
    timeout_seconds: float
    account_id: str = ""
    region: str = ""  # the region of the environment
    regions: Mapping[str, str] = field(default_factory=dict)  # region by stack, for stacks in another region
