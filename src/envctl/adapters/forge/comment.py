"""What stands where the code is hosted."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Note:
    """A comment, or an issue. `machine` says that no person wrote it."""

    number: int
    title: str
    body: str
    machine: bool
