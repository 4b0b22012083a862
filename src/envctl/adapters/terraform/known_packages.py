"""What is known of the packages in a plugin cache, so that no provider of 200 MB is hashed for each stack."""

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.terraform.package_hash import files, package_hash


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
        try:
            now = look(package)
            if remembered := self._read(package, now):
                return remembered
            found = Known(package_hash(package))
        except OSError:
            return Known()
        self.remember(package, found)
        return found

    def remember(self, package: Path, known: Known) -> None:
        record = self._record(package)
        with contextlib.suppress(OSError):
            now = look(package)
            self._found[package] = now, known
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
            kept = json.loads(self._record(package).read_bytes())
            if kept["files"] == now:
                return Known(str(kept["hash"]), bool(kept["sound"]))
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
