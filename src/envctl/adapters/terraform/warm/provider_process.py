"""One warm provider: a process of a checked package, kept by a keeper (`keeper.py`)."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from envctl.adapters.terraform.warm.handshake import ProviderAddress, build_variables, parse_handshake
from envctl.adapters.terraform.warm.package import CheckedPackage
from envctl.adapters.terraform.warm.schema_relay import LINK, RELAY, point_link

_KEEPER = Path(__file__).with_name("keeper.py")
# Terraform waits as long for the start of a provider.
_START_SECONDS = 60.0
_POLL_SECONDS = 0.2
# A provider that ends closes its socket right before.
_EXIT_SECONDS = 0.1
_END_SECONDS, _REPORT_SECONDS = 2.0, 1.0
# Of the path of a socket, with the byte at its end. Go adds `plugin` and ten digits at most.
_MAX_SOCKET_PATH = 108
_SOCKET_NAME = len("/plugin") + 10 + 1
_CHUNK = 1 << 16
_NAME_BYTES = 5
_UNKNOWN_END = ("ended", str(int(-signal.SIGKILL)), "")


@dataclass(frozen=True)
class ProviderDeath:
    """How a provider ended by itself: its status, or the negative number of a signal, and its last output."""

    program: str
    status: int
    output: str


class WarmProvider:
    """A provider that runs. `lifeline` is the descriptor that keeps it, for each Terraform that uses it."""

    def __init__(self, package: CheckedPackage, directory: Path, variables: Mapping[str, str]) -> None:
        self._package = package
        self._unread = b""
        self._death: ProviderDeath | None = None
        self._is_released = False
        self.address: ProviderAddress | None = None
        with contextlib.ExitStack() as on_failure, contextlib.ExitStack() as after_start:
            self._folder = create_socket_folder()
            on_failure.callback(shutil.rmtree, self._folder, ignore_errors=True)
            self._report, child_report = os.pipe()
            on_failure.callback(os.close, self._report)
            after_start.callback(os.close, child_report)
            child_lifeline, self.lifeline = os.pipe()
            on_failure.callback(os.close, self.lifeline)
            after_start.callback(os.close, child_lifeline)
            descriptors = (package.descriptor, child_lifeline, child_report)
            self._keeper = subprocess.Popen(
                [sys.executable, "-I", "-S", os.fspath(_KEEPER), *map(str, descriptors), self._folder, package.program],
                cwd=directory,
                env={**variables, **build_variables(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=descriptors,
                start_new_session=True,
                umask=0o077,
            )
            on_failure.pop_all()
        # Readable once the provider has ended.
        self._process = -1

    @property
    def keeper(self) -> int:
        """The process number of the keeper, known before that of the provider."""
        return self._keeper.pid

    def replace_package(self, package: CheckedPackage) -> None:
        """Compare with another open package from now on; it has the same files."""
        self._package = package

    def await_address(self, is_stopped: Callable[[], bool]) -> ProviderAddress | None:
        """Return the address, or None if the provider does not start, or is no longer the one that was compared.

        Raises OSError if it has ended.
        """
        end = time.monotonic() + _START_SECONDS
        while self.address is None and time.monotonic() < end and not is_stopped():
            entry = self._read_entry(_POLL_SECONDS)
            if entry is None:
                continue
            kind, pid, handshake = entry
            if kind != "started":
                return None
            address = parse_handshake(self._package.provider.address, int(pid), handshake)
            if address is None or not self._is_own_socket(address.socket) or not self._package.is_unchanged():
                return None
            self._process = os.pidfd_open(address.pid)
            self.address = address
        return self.address

    def announce_address(self, protocol: int) -> ProviderAddress:
        """Return an address for a Terraform that starts meanwhile: a link that will lead to the socket."""
        return ProviderAddress(self._package.provider.address, self.keeper, protocol, f"{self._folder}/{LINK}")

    def link_address(self, address: ProviderAddress) -> ProviderAddress:
        """Return the address for one Terraform: a link to the socket, by way of the relay of the keeper.

        Raises OSError if the provider has ended.
        """
        has_relay = Path(self._folder, RELAY).is_socket()
        point_link(self._folder, RELAY if has_relay else address.socket)
        return replace(address, socket=f"{self._folder}/{LINK}")

    def is_alive(self) -> bool:
        return not self._is_released and not self._has_exited(0.0) and self._keeper.poll() is None

    def find_death(self) -> ProviderDeath | None:
        """Return how the provider ended by itself, if it did."""
        if self._death is None and self.lifeline >= 0 and self._has_exited(_EXIT_SECONDS):
            # Its keeper reports the end a moment after it.
            _, status, output = self._read_entry(_REPORT_SECONDS) or _UNKNOWN_END
            if self._is_released and int(status) == -signal.SIGTERM:
                return None
            text = bytes.fromhex(output).decode(errors="replace")
            self._death = ProviderDeath(self._package.program.name, int(status), text)
        return self._death

    def release(self) -> None:
        """Let the provider end, even if a child of Terraform holds the lifeline. `find_death` still works."""
        if self.lifeline >= 0 and not self._is_released:
            self._is_released = True
            with contextlib.suppress(OSError):
                os.write(self.lifeline, b".")

    def end(self) -> None:
        """End the provider now, and forget it."""
        if self.lifeline < 0:
            return
        self.release()
        os.close(self.lifeline)
        os.close(self._report)
        if self._process >= 0:
            os.close(self._process)
        self.lifeline = self._process = -1

    def has_ended(self) -> bool:
        """Return whether nothing is left of the process and of its folder."""
        if self._keeper.poll() is None:
            return False
        self._remove_folder()
        return True

    def await_end(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._keeper.wait(_END_SECONDS)
        self._remove_folder()

    def _remove_folder(self) -> None:
        """Remove the folder, after a kill of the keeper, which would have done so."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _is_own_socket(self, socket: str) -> bool:
        """Return whether the socket is where no other user can reach it."""
        return os.path.realpath(socket).startswith(os.path.realpath(self._folder) + os.sep)

    def _has_exited(self, seconds: float) -> bool:
        return self._process < 0 or _is_readable(self._process, seconds)

    def _read_entry(self, seconds: float) -> tuple[str, str, str] | None:
        """Return the three parts of the next line of the report; None after so many seconds without one.

        A killed keeper leaves none.
        """
        end = time.monotonic() + seconds
        while b"\n" not in self._unread:
            if not _is_readable(self._report, max(0.0, end - time.monotonic())):
                return None
            data = os.read(self._report, _CHUNK)
            if not data:
                return _UNKNOWN_END
            self._unread += data
        line, _, self._unread = self._unread.partition(b"\n")
        kind, number, text = line.decode(errors="replace").split(" ", 2)
        return kind, number, text


def create_socket_folder() -> str:
    """Create a folder for one socket, open to this user alone, with a path short enough. Raises OSError."""
    # Older providers have all their temporary files there: first the place for these, which may be large.
    for place in (os.environ.get("TMPDIR", ""), os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp"):  # noqa: S108 (mode 0700)
        if not Path(place).is_absolute():
            continue
        with contextlib.suppress(OSError):
            folder = f"{place}/envctl-{os.urandom(_NAME_BYTES).hex()}"
            os.mkdir(folder, 0o700)  # noqa: PTH102 (a path as text)
            if len(os.fsencode(folder)) + _SOCKET_NAME <= _MAX_SOCKET_PATH:
                return folder
            os.rmdir(folder)  # noqa: PTH106 (a path as text)
    raise OSError("no folder has a path short enough for a socket")


def _is_readable(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
