"""Probes of moto's gaps, one file a service. Each gets a way to make boto3 clients, and is true where a gap is."""

from collections.abc import Callable
from typing import Any

Client = Callable[[str], Any]
Probe = Callable[[Client], bool]


def fails(call: Callable[[], object]) -> bool:
    try:
        call()
    except Exception:  # noqa: BLE001 (the gap may show as any error)
        return True
    return False
