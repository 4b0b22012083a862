"""The files of a sandbox: who runs it (state.json), that it runs (a lock that dies with it), and what went wrong."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from envctl.adapters.disk.reading import read_bytes


@dataclass(frozen=True)
class ServerState:
    """What a server writes when it is ready. The token shows that the one who answers is the one who wrote this."""

    pid: int
    port: int
    token: str
    started_at: str
    endpoint_url: str | None


@dataclass(frozen=True)
class SandboxFiles:
    """All paths of a sandbox lie in its directory."""

    directory: Path

    @property
    def state(self) -> Path:
        return self.directory / "state.json"

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def authority(self) -> Path:
        return self.directory / "ca.pem"

    @property
    def mirror(self) -> Path:
        return self.directory / "mirror"

    @property
    def terraform_rc(self) -> Path:
        return self.directory / "terraform.rc"

    @property
    def server_lock(self) -> Path:
        """Held by the server as long as it lives, so that a process id that was given away again fools nobody."""
        return self.directory / "server.lock"

    @property
    def lifecycle_lock(self) -> Path:
        """Held while somebody starts or stops the server."""
        return self.directory / "lifecycle.lock"


def read_state(files: SandboxFiles) -> ServerState | None:
    """None where there is no state file, or none that a server of this version wrote."""
    try:
        return ServerState(**json.loads(read_bytes(files.state)))
    except (OSError, ValueError, TypeError):
        return None


def write_private(path: Path, data: bytes) -> None:
    """Atomic, and readable by its owner alone from the first byte."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)


def write_state(files: SandboxFiles, state: ServerState) -> None:
    write_private(files.state, json.dumps(asdict(state), indent=2).encode())


def take_lock(path: Path, *, wait: bool) -> int | None:
    """A descriptor that holds the lock until it is closed, or None where somebody else holds it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            os.close(descriptor)
            return None
        if _is_still(path, descriptor):
            return descriptor
        # The file was removed while we waited: the lock that counts is on its successor.
        os.close(descriptor)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    descriptor = take_lock(path, wait=True)
    assert descriptor is not None  # noqa: S101 (waiting ends with the lock)
    try:
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Looks without creating the file."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
