"""The port to what knows prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CostSource:
    """A program that knows prices, and where what is planned would run: `regions` are those of the stacks that run
    elsewhere than in the `region` of their environment.
    """

    command: tuple[str, ...]
    timeout_seconds: float
    account_id: str = ""
    region: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)
