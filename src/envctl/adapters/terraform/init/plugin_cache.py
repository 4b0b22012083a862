"""Terraform's plugin cache: packages of providers, which many stacks and many processes use at once.

Terraform writes into a cache as it goes: whoever is killed half-way leaves half a package, and whoever uses one while
it is written anew fails. So no Terraform gets the cache itself. Each stack has a *view* of it, a folder of links to the
packages that fit its lock; what Terraform installs lands there, and comes from there into the cache whole.
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

from envctl.adapters.terraform.init.known_packages import Known, KnownPackages
from envctl.adapters.terraform.init.package_hash import files, package_hash
from envctl.domain.terraform.provider_lock import UNPACKED, hashes, providers, version

OURS = ".envctl"
"""The folder in a cache that is envctl's own: locks, what is known of packages, and what is on its way."""

_ADDRESS = re.compile(r"(?:[\w-][\w.-]*(?::\d+)?)/[\w-][\w.-]*/[\w-][\w.-]*")
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")
# Seconds after which nobody is at work any more on what is still on its way.
_ABANDONED = 86400.0
_FOR_READING_ALONE = (errno.EACCES, errno.EPERM, errno.EROFS)


@dataclass(frozen=True, order=True)
class Pinned:
    """One version of a provider, as a lock pins it."""

    address: str
    version: str
    hashes: frozenset[str]

    @property
    def place(self) -> str:
        """Its folder below a cache, with one folder for each platform in it."""
        return f"{self.address}/{self.version}"

    def __str__(self) -> str:
        return f"{self.address} {self.version}"


def pinned(lock: bytes) -> tuple[Pinned, ...]:
    """What has no proper name is left out: it would be a path."""
    found = (Pinned(address, version(block), frozenset(hashes(block))) for address, block in providers(lock).items())
    return tuple(sorted(p for p in found if _ADDRESS.fullmatch(p.address) and _NUMBER.fullmatch(p.version)))


class PluginCache:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ours = folder / OURS
        self._known = KnownPackages(folder, self._ours / "known")

    def whole(self, wanted: Pinned) -> tuple[Path, ...]:
        """The packages of that version that fit the lock, mostly one: that of this platform."""
        found = []
        for package in packages(self.folder, wanted):
            known = self._known.of(package)
            if known.hash in wanted.hashes:
                found.append(package)
                self._known.vouch(package, known)
        return tuple(found)

    def unfit(self, wanted: Pinned) -> bool:
        """Whether there is a package that should fit, and does not."""
        pins = any(each.startswith(UNPACKED) for each in wanted.hashes)
        return pins and bool(packages(self.folder, wanted)) and not self.whole(wanted)

    def distrust(self, wanted: Iterable[Pinned]) -> None:
        """Forgets what is remembered of them: somebody has found that it is not so."""
        for each in wanted:
            for package in packages(self.folder, each):
                self._known.forget(package)

    def take(self, view: Path, lock: bytes) -> None:
        """Moves what was installed into a view to the cache, and leaves links in its place.

        `lock` is the one that Terraform wrote then: where it holds one hash of an unpacked package, that is its.
        """
        for each in pinned(lock):
            unpacked = [found for found in each.hashes if found.startswith(UNPACKED)]
            for package in packages(view, each):
                if not self._is_link_here(package):
                    new = unpacked[0] if len(unpacked) == 1 else package_hash(package)
                    self._take(package, self.folder / each.place / package.name, new)
        self._sweep()

    def _take(self, package: Path, place: Path, new: str) -> None:
        there = self._known.of(place)
        if there.sound and there.hash != new:
            # Another source gave another package of that version, which others rely on: this one stays with its stack.
            return
        try:
            if there.hash != new:
                self._replace(package, place)
            self._known.remember(place, Known(new, sound=True))
        except OSError as error:
            if error.errno in _FOR_READING_ALONE:
                return
            raise
        remove(package)
        package.symlink_to(place)

    def _replace(self, package: Path, place: Path) -> None:
        """No name in the cache ever stands for half a package; who runs the old one runs it to its end."""
        place.parent.mkdir(parents=True, exist_ok=True)
        with self._on_its_way() as box:
            new, old = box / "new", box / "old"
            if package.is_symlink():
                new.symlink_to(package.readlink())
            else:
                _move(package, new)
            if os.path.lexists(place):
                place.rename(old)
            try:
                new.rename(place)
            except OSError as error:
                # Somebody who held no lock was faster, with the same.
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise

    @contextlib.contextmanager
    def _on_its_way(self) -> Iterator[Path]:
        """A folder on the disk of the cache; what is left in it goes."""
        top = self._ours / "moving"
        top.mkdir(parents=True, exist_ok=True)
        box = Path(tempfile.mkdtemp(dir=top))
        try:
            yield box
        finally:
            shutil.rmtree(box, ignore_errors=True)

    def _sweep(self) -> None:
        """What was left by those who were killed."""
        with contextlib.suppress(OSError):
            for box in (self._ours / "moving").iterdir():
                if time.time() - box.stat().st_mtime > _ABANDONED:
                    shutil.rmtree(box, ignore_errors=True)

    def _is_link_here(self, package: Path) -> bool:
        return package.is_symlink() and package.readlink().is_relative_to(self.folder)


def packages(folder: Path, wanted: Pinned) -> tuple[Path, ...]:
    """The packages of that version which lie there, be they whole or not, one for each platform."""
    try:
        with os.scandir(folder / wanted.place) as entries:
            # Terraform itself unpacks into hidden folders beside.
            return tuple(sorted(Path(e.path) for e in entries if not e.name.startswith(".") and e.is_dir()))
    except OSError:
        return ()


def link(view: Path, found: Iterable[Path], cache: Path) -> None:
    """Makes a view of the cache, with these packages and nothing else."""
    remove(view)
    view.mkdir(parents=True)
    for package in found:
        place = view / package.relative_to(cache)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(package)


def remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def _move(package: Path, place: Path) -> None:
    try:
        package.rename(place)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # One by one: who copies a tree as a whole is told in words alone that the other disk is full.
        for name in files(package):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(package / name, place / name)
