"""Stores that let what is there be written over, although they are asked not to."""

from dataclasses import dataclass

from envctl.usecases.ports.core import AlreadyExistsError
from tests.fakes.store import MemoryStore


@dataclass
class Forgetful(MemoryStore):
    """A server that ignores `If-None-Match`."""

    def create(self, key: str, data: bytes) -> None:
        self.content[key] = data


@dataclass
class Lying(MemoryStore):
    """Says no, and writes it all the same."""

    def create(self, key: str, data: bytes) -> None:
        known = key in self.content
        self.content[key] = data
        if known:
            raise AlreadyExistsError(key)
