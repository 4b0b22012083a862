"""Comments and issues on a forge."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ForgePost:
    """A comment or an issue."""

    number: int
    title: str
    body: str
    machine: bool  # not written by a person
