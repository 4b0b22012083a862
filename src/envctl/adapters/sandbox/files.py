"""The files of a sandbox: its state (state.json), the lock of its running server, and its log."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envctl import __version__
from envctl.adapters.disk.kept_documents import read_document
from envctl.domain.config.ci_package import KUBERNETES_NAME


@dataclass(frozen=True)
class ServerState:
    """The state that a server writes when it is ready (`aws_api_emulator.state`)."""

    pid: int
    port: int
    token: str  # proves that the answering server wrote this state
    started_at: str
    endpoint_url: str | None
    # The server of an older envctl wrote none.
    programs: str = ""


class SandboxFiles:
    """The paths of a sandbox, all inside its directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state_file = directory / "state.json"
        self.log_file = directory / "server.log"
        self.ca_file = directory / "ca.pem"
        self.mirror_folder = directory / "mirror"
        self.terraform_rc = directory / "terraform.rc"
        # Held by the living server: a reused process id is not mistaken for it.
        self.server_lock = directory / "server.lock"
        # Held while a command starts or stops the server.
        self.lifecycle_lock = directory / "lifecycle.lock"


def describe_programs() -> str:
    """Return the versions of what answers in a sandbox. A server keeps those that it was started with."""
    try:
        from kube_api_emulator import __version__ as emulator_version
    except ModuleNotFoundError:
        return f"envctl {__version__}"
    return f"envctl {__version__}, {KUBERNETES_NAME} {emulator_version}"


def read_state(files: SandboxFiles) -> ServerState | None:
    """Return the recorded state, or None without a state file of this version."""
    return read_document(files.state_file, lambda state: ServerState(**state), None)


def write_private(path: Path, data: bytes) -> None:
    """Write a file atomically, readable only by its owner from the first byte."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    draft.replace(path)


@contextmanager
def hold_lock(path: Path) -> Iterator[None]:
    """Hold a lock, after a wait for other processes."""
    descriptor = _wait_for_lock(path)
    try:
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Check for a lock without creating its file."""
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


def _wait_for_lock(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if _is_same_file(path, descriptor):
            return descriptor
        # The file was removed during the wait: the valid lock is on its successor.
        os.close(descriptor)


def _is_same_file(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
