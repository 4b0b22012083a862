"""Package of a locked provider: envctl compares its open files with the lock, and runs the very file it compared."""

import contextlib
import os
import stat
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.disk.files import open_file
from envctl.adapters.terraform.init.package_hash import combine_hashes, hash_package, list_files
from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.adapters.terraform.warm.configurations import UncertainError
from envctl.adapters.terraform.warm.remembered_values import RememberedValues
from envctl.domain.terraform.provider_lock import shorten_address

FileIdentity = tuple[int, int, int, int, int]
"""Device, inode, size, and the times of the last change of content and of status in nanoseconds: a file with the same
ones was not changed.
"""

_ELF = b"\x7fELF"
# Of the clock of Linux, which sets the times of files. Two changes within one tick have the same times.
_TICK_NANOSECONDS = 20_000_000
# Some file systems count whole seconds, or pairs of them.
_COARSE_NANOSECONDS = 2_000_000_000


class FileHashes:
    """SHA-256 of files, remembered by identity."""

    def __init__(self, file: Path) -> None:
        self._known = RememberedValues(file)
        self._lock = threading.Lock()

    def hash_file(self, descriptor: int) -> tuple[str, FileIdentity]:
        """Return the hash of an open file and the identity it had then.

        Raises OSError if the file changes meanwhile, or changed right before on a disk that counts whole seconds.
        """
        _await_settled_times(descriptor)
        identity = identify_file(descriptor)
        key = ":".join(map(str, identity))
        with self._lock:
            found = self._known.find_value(key)
            if found and isinstance(found, str):
                return found, identity
            import hashlib

            with os.fdopen(os.dup(descriptor), "rb") as file:
                file.seek(0)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if identity != identify_file(descriptor):
                raise OSError("a file changed")
            status = os.stat(descriptor)
            if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                # Through a mapping of the file they can change it again without another time.
                return digest, identity
            self._known.add_value(key, digest)
            return digest, identity

    def hash_package(self, folder: Path) -> str:
        """Return the hash of all files in a folder. Raises OSError for an unreadable file."""
        digests = {}
        for name in list_files(folder):
            descriptor = open_file(folder / name)
            try:
                digests[name], _ = self.hash_file(descriptor)
            except OSError:
                # It can't be remembered.
                return hash_package(folder)
            finally:
                os.close(descriptor)
        return combine_hashes(digests)


@dataclass(frozen=True)
class CheckedPackage:
    """A package that matches the lock, with its open program. The descriptor is closed by `close`."""

    provider: PinnedProvider
    folder: Path
    program: Path
    descriptor: int
    files: dict[str, FileIdentity]

    def is_same(self, other: "CheckedPackage") -> bool:
        """Return whether both are the same files for the same lock."""
        return (self.provider, self.folder, self.files) == (other.provider, other.folder, other.files)

    def is_unchanged(self) -> bool:
        """Return whether the package still consists of the compared files."""
        with contextlib.suppress(OSError):
            files = {name: identify_file(self.folder / name) for name in list_files(self.folder)}
            return files == self.files and identify_file(self.descriptor) == self.files[self.program.name]
        return False

    def require_native(self) -> None:
        """Raise UncertainError for a script: the kernel would read it once more, by its name."""
        if not is_native_program(self.descriptor):
            raise UncertainError(f"the program of {shorten_address(self.provider.address)} is a script")

    def close(self) -> None:
        os.close(self.descriptor)


def open_package(provider: PinnedProvider, folder: Path, hashes: FileHashes) -> CheckedPackage:
    """Return the package if all its files together have a hash of the lock, and one of them is the program.

    Raises UncertainError otherwise.
    """
    short = shorten_address(provider.address)
    names = sorted(list_files(folder))
    programs = [name for name in names if _is_program(name, provider)]
    if len(programs) != 1:
        raise UncertainError(f"the package of {short} has no program, or several")
    digests, files, program = dict[str, str](), dict[str, FileIdentity](), -1
    with contextlib.ExitStack() as opened:
        try:
            for name in names:
                descriptor = open_file(folder / name)
                opened.callback(os.close, descriptor)
                digests[name], files[name] = hashes.hash_file(descriptor)
                program = descriptor if name == programs[0] else program
        except OSError as error:
            raise UncertainError(f"the package of {short} can't be read: {error.strerror or error}") from None
        if combine_hashes(digests) not in provider.hashes:
            raise UncertainError(f"the package of {short} does not match the lock")
        return CheckedPackage(provider, folder, folder / programs[0], os.dup(program), files)


def identify_file(file: int | Path) -> FileIdentity:
    status = os.stat(file)  # noqa: PTH116 (Path takes no descriptor)
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_native_program(descriptor: int) -> bool:
    return os.pread(descriptor, len(_ELF), 0) == _ELF


def _await_settled_times(descriptor: int) -> None:
    """Wait until another change of the file would change its times. Raises OSError if that takes long."""
    changed = identify_file(descriptor)[-1]
    age = time.time_ns() - changed
    if not changed % 1_000_000_000 and age < _COARSE_NANOSECONDS:
        raise OSError("a file has just changed")
    if age < _TICK_NANOSECONDS:
        time.sleep(_TICK_NANOSECONDS / 1e9)


def _is_program(name: str, provider: PinnedProvider) -> bool:
    """Terraform takes the file with this name, alone or with a version after it."""
    wanted = f"terraform-provider-{provider.address.rpartition('/')[2]}"
    return name.startswith(wanted) and name[len(wanted) : len(wanted) + 1] in ("", "_", ".")
