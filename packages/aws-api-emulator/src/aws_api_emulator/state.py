"""The files of a server: the state (state.json) that the program that started it reads, its authority, its lock."""

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class ServerState:
    """The state that a server writes when it is ready."""

    pid: int
    port: int
    token: str  # proves that the answering server wrote this state
    started_at: str
    endpoint_url: str | None
    programs: str  # versions, as the program that started the server names them

    def encode(self) -> bytes:
        return json.dumps(asdict(self), indent=2).encode()


class ServerFiles:
    """The paths of a server, all inside its directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state_file = directory / "state.json"
        self.ca_file = directory / "ca.pem"
        # Held by the living server: a reused process id is not mistaken for it.
        self.server_lock = directory / "server.lock"

    def has_state(self, state: ServerState) -> bool:
        """Check that the state file is still the one of this server."""
        try:
            return self.state_file.is_file() and self.state_file.read_bytes() == state.encode()
        except OSError:
            return False


def write_private(path: Path, data: bytes) -> None:
    """Write a file atomically, readable only by its owner from the first byte."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)


def take_lock(path: Path) -> bool:
    """Take a lock until the end of this process, or return False if another process holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        if _is_same_file(path, descriptor):
            return True
        # The file was removed in between: the valid lock is on its successor.
        os.close(descriptor)


def _is_same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
