"""What is known of the packages in a plugin cache, so that no provider of 200 MB is hashed for each stack."""

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.terraform.init.package_hash import files, package_hash


@dataclass(frozen=True)
class Known:
    """`sound` says that it was what some lock pins, and so is nobody's half package."""

    hash: str = ""
    sound: bool = False


class KnownPackages:
    """`records` is the folder to remember in, for packages below `cache`. Where that can't be, it is remembered for as
    long as the command lasts.
    """

    def __init__(self, cache: Path, records: Path) -> None:
        self._cache = cache
        self._records = records
        self._found: dict[Path, tuple[list[list[object]], Known]] = {}

    def of(self, package: Path) -> Known:
        """Without a hash where it can't be read. It is remembered for as long as the files look the same."""
        if not package.is_dir():
            return Known()
        try:
            now = look(package)
            if remembered := self._read(package, now):
                return remembered
            found = Known(package_hash(package))
        except OSError:
            return Known()
        # As it looked before it was read: what was changed meanwhile looks otherwise now.
        self._keep(package, now, found)
        return found

    def remember(self, package: Path, known: Known) -> None:
        with contextlib.suppress(OSError):
            self._keep(package, look(package), known)

    def vouch(self, package: Path, known: Known) -> None:
        """For what was found of it: some lock pins that."""
        now, found = self._found.get(package, ([], Known()))
        if found == known and not known.sound:
            self._keep(package, now, replace(known, sound=True))

    def _keep(self, package: Path, now: list[list[object]], known: Known) -> None:
        self._found[package] = now, known
        record = self._record(package)
        with contextlib.suppress(OSError):
            document = json.dumps({"hash": known.hash, "sound": known.sound, "files": now})
            record.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=record.parent)
            with os.fdopen(handle, "w") as file:
                file.write(document)
            Path(temporary).replace(record)

    def forget(self, package: Path) -> None:
        self._found.pop(package, None)
        with contextlib.suppress(OSError):
            self._record(package).unlink(missing_ok=True)

    def _read(self, package: Path, now: list[list[object]]) -> Known | None:
        found = self._found.get(package)
        if found and found[0] == now:
            return found[1]
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            kept = json.loads(read_bytes(self._record(package)))
            if kept["files"] == now:
                self._found[package] = now, Known(str(kept["hash"]), bool(kept["sound"]))
                return self._found[package][1]
        return None

    def _record(self, package: Path) -> Path:
        below = package.relative_to(self._cache)
        return self._records / below.with_name(f"{below.name}.json")


def look(package: Path) -> list[list[object]]:
    """What its files look like from outside: who has changed one has changed that. Raises OSError."""
    found: list[list[object]] = []
    for name in sorted(files(package)):
        status = (package / name).stat()
        found.append([name, status.st_size, status.st_mtime_ns])
    return found
