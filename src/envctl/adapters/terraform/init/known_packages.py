"""Records of the packages in a plugin cache, to save hashing a provider of 200 MB for each stack."""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envctl.adapters.disk.kept_documents import read_document
from envctl.adapters.terraform.init.package_hash import hash_package, list_files
from envctl.adapters.terraform.process.disk_errors import replace_file

HashPackage = Callable[[Path], str]


@dataclass(frozen=True)
class KnownPackage:
    """Record of a package. An empty hash stands for an unreadable one."""

    hash: str = ""
    verified: bool = False  # it matched a provider lock once, so it is complete


class KnownPackages:
    """Records of packages in `cache`, saved in the folder `records`, or in memory if it is not writable.

    `hash_known` may remember the hashes of files; a package whose record was deleted is hashed by `hash_package`.
    """

    def __init__(self, cache: Path, records: Path, hash_known: HashPackage = hash_package) -> None:
        self._cache = cache
        self._records = records
        self._hash_known = hash_known
        self._doubted: set[Path] = set()
        self._found: dict[Path, tuple[list[list[object]], KnownPackage]] = {}

    def identify_package(self, package: Path) -> KnownPackage:
        """Return the record of a package. It is valid while sizes and times of its files stay the same."""
        if not package.is_dir():
            return KnownPackage()
        try:
            now = stat_files(package)
            if record := self._load_record(package, now):
                return record
            find_hash = hash_package if package in self._doubted else self._hash_known
            known = KnownPackage(find_hash(package))
        except OSError:
            return KnownPackage()
        # With the times before the hash, so a change during the hash invalidates the record.
        self._save_record(package, now, known)
        return known

    def record_package(self, package: Path, known: KnownPackage) -> None:
        with contextlib.suppress(OSError):
            self._save_record(package, stat_files(package), known)

    def mark_verified(self, package: Path, known: KnownPackage) -> None:
        """Record that the package matches a provider lock."""
        now, found = self._found.get(package, ([], KnownPackage()))
        if found == known and not known.verified:
            self._save_record(package, now, replace(known, verified=True))

    def _save_record(self, package: Path, now: list[list[object]], known: KnownPackage) -> None:
        self._found[package] = now, known
        with contextlib.suppress(OSError):
            document = json.dumps({"hash": known.hash, "sound": known.verified, "files": now})
            replace_file(self._record_path(package), document)

    def delete_record(self, package: Path) -> None:
        self._found.pop(package, None)
        self._doubted.add(package)
        with contextlib.suppress(OSError):
            self._record_path(package).unlink(missing_ok=True)

    def _load_record(self, package: Path, now: list[list[object]]) -> KnownPackage | None:
        found = self._found.get(package)
        if found and found[0] == now:
            return found[1]

        def build(document: Mapping[str, Any]) -> KnownPackage | None:
            same = document["files"] == now
            return KnownPackage(str(document["hash"]), bool(document["sound"])) if same else None

        known = read_document(self._record_path(package), build, None)
        if known:
            self._found[package] = now, known
        return known

    def _record_path(self, package: Path) -> Path:
        below = package.relative_to(self._cache)
        return self._records / below.with_name(f"{below.name}.json")


def stat_files(package: Path) -> list[list[object]]:
    """Return names, sizes and times of the files of a package. Raises OSError."""
    found: list[list[object]] = []
    for name in sorted(list_files(package)):
        status = (package / name).stat()
        found.append([name, status.st_size, status.st_mtime_ns])
    return found
