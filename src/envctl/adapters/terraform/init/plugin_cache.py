"""Plugin cache of Terraform: provider packages, shared by many stacks and processes.

Terraform writes into a cache in place: a kill leaves half a package, and a rewrite breaks other runs. So Terraform gets
a *view* for each stack instead, a folder of links to the packages with a hash in its lock. New packages land in the
view and are moved to the cache as a whole.
"""

import contextlib
import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.terraform.init.known_packages import HashPackage, KnownPackage, KnownPackages
from envctl.adapters.terraform.init.package_hash import hash_package, list_files
from envctl.domain.terraform.provider_lock import H1_PREFIX, read_hashes, read_version, split_provider_blocks

OWN_FOLDER = ".envctl"
"""Folder of envctl in a cache: locks, records of packages, and packages being moved."""

_ADDRESS = r"(?:[\w-][\w.-]*(?::\d+)?)/[\w-][\w.-]*/[\w-][\w.-]*"
_VERSION = r"[0-9A-Za-z][0-9A-Za-z.+-]*"
# Age of a leftover of a killed process.
_ABANDONED_SECONDS = 86400.0
_READ_ONLY_ERRNOS = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, order=True)
class PinnedProvider:
    address: str
    version: str
    hashes: frozenset[str]

    @property
    def cache_path(self) -> str:
        """Folder in a cache, with one package for each platform."""
        return f"{self.address}/{self.version}"

    def __str__(self) -> str:
        return f"{self.address} {self.version}"


def parse_pinned(lock: bytes) -> tuple[PinnedProvider, ...]:
    """Return the providers in a lock, except those with an invalid name, which could leave the cache as a path."""
    found = (
        PinnedProvider(address, read_version(block), frozenset(read_hashes(block)))
        for address, block in split_provider_blocks(lock).items()
    )
    return tuple(sorted(p for p in found if re.fullmatch(_ADDRESS, p.address) and re.fullmatch(_VERSION, p.version)))


class PluginCache:
    """A plugin cache. `hash_known` may remember the hashes of files in packages."""

    def __init__(self, folder: Path, hash_known: HashPackage = hash_package) -> None:
        self.folder = folder
        self._ours = folder / OWN_FOLDER
        self._known = KnownPackages(folder, self._ours / "known", hash_known)

    def find_matching(self, wanted: PinnedProvider) -> tuple[Path, ...]:
        """Return the packages with a hash of the lock, mostly one, for this platform."""
        found = []
        for package in list_packages(self.folder, wanted):
            known = self._known.identify_package(package)
            if known.hash in wanted.hashes:
                found.append(package)
                self._known.mark_verified(package, known)
        return tuple(found)

    def has_mismatch(self, wanted: PinnedProvider) -> bool:
        """Return True if the lock pins unpacked packages and none in the cache matches."""
        pins = any(each.startswith(H1_PREFIX) for each in wanted.hashes)
        return pins and bool(list_packages(self.folder, wanted)) and not self.find_matching(wanted)

    def delete_records(self, wanted: Iterable[PinnedProvider]) -> None:
        for each in wanted:
            for package in list_packages(self.folder, each):
                self._known.delete_record(package)

    def adopt_packages(self, view: Path, lock: bytes) -> None:
        """Move installed packages from a view to the cache, and leave links in their place.

        If `lock`, as written by this install, holds a single `h1:` hash, it is the hash of the package.
        """
        for each in parse_pinned(lock):
            unpacked = [found for found in each.hashes if found.startswith(H1_PREFIX)]
            for package in list_packages(view, each):
                if not (package.is_symlink() and package.readlink().is_relative_to(self.folder)):
                    new_hash = unpacked[0] if len(unpacked) == 1 else hash_package(package)
                    self._adopt_package(package, self.folder / each.cache_path / package.name, new_hash)
        # Killed processes leave theirs.
        with contextlib.suppress(OSError):
            for box in (self._ours / "moving").iterdir():
                if time.time() - box.stat().st_mtime > _ABANDONED_SECONDS:
                    shutil.rmtree(box, ignore_errors=True)

    def _adopt_package(self, package: Path, place: Path, new_hash: str) -> None:
        record = self._known.identify_package(place)
        if record.verified and record.hash != new_hash:
            # Other stacks use another package of this version, from another source: this one stays in the view.
            return
        try:
            if record.hash != new_hash:
                self._replace_package(package, place)
            self._known.record_package(place, KnownPackage(new_hash, verified=True))
        except OSError as error:
            if error.errno in _READ_ONLY_ERRNOS:
                return
            raise
        remove_path(package)
        package.symlink_to(place)

    def _replace_package(self, package: Path, place: Path) -> None:
        """Replace a package by renames: no path ever holds half a package, and runs with the old one go on."""
        place.parent.mkdir(parents=True, exist_ok=True)
        with self._create_staging() as box:
            new, old = box / "new", box / "old"
            if package.is_symlink():
                new.symlink_to(package.readlink())
            else:
                _move_package(package, new)
            if os.path.lexists(place):
                place.rename(old)
            try:
                new.rename(place)
            except OSError as error:
                # A process without lock was faster, with the same package.
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise

    @contextlib.contextmanager
    def _create_staging(self) -> Iterator[Path]:
        """Yield a temporary folder on the disk of the cache."""
        top = self._ours / "moving"
        top.mkdir(parents=True, exist_ok=True)
        box = Path(tempfile.mkdtemp(dir=top))
        try:
            yield box
        finally:
            shutil.rmtree(box, ignore_errors=True)


def list_packages(folder: Path, wanted: PinnedProvider) -> tuple[Path, ...]:
    """List the packages of a version in a folder, complete or not, one for each platform."""
    try:
        with os.scandir(folder / wanted.cache_path) as entries:
            # Terraform unpacks into hidden folders.
            return tuple(sorted(Path(e.path) for e in entries if not e.name.startswith(".") and e.is_dir()))
    except OSError:
        return ()


def link_packages(view: Path, found: Iterable[Path], cache: Path) -> None:
    remove_path(view)
    view.mkdir(parents=True)
    for package in found:
        place = view / package.relative_to(cache)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(package)


def remove_path(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _move_package(package: Path, place: Path) -> None:
    try:
        package.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # File by file: shutil.copytree reports a full disk without its errno.
        for name in list_files(package):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(package / name, place / name)
