"""Cache of fetched modules with a pinned address: one file each on this machine."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from envctl.domain.release.bundle import File
from envctl.domain.release.remote_modules import Package, ResolvedModule
from envctl.domain.terraform.variables import ModuleCall

UNFINISHED_PREFIX = "fetching-"
"""Prefix of temporary files and folders: only a killed process leaves one behind."""
_STALE_AFTER = 86400.0
"""Age in seconds of an abandoned temporary file."""
_RECORD_FIELDS = ("source", "version", "folder", "top")
_RECORD_NAME, _FILES_PREFIX = "module.json", "files/"
_MODE_SHIFT = 16
"""Position of the file mode in the attributes of a zip entry."""


@dataclass(frozen=True)
class ModuleCache:
    folder: Path

    def load_module(self, program: Sequence[str], call: ModuleCall) -> ResolvedModule | None:
        """Return a cached module; None for a missing or damaged one."""
        try:
            with ZipFile(self._path_for(program, call)) as archive:
                entry = json.loads(archive.read(_RECORD_NAME))
                files = {}
                for info in archive.infolist():
                    if info.filename.startswith(_FILES_PREFIX):
                        executable = bool(info.external_attr >> _MODE_SHIFT & 0o100)
                        files[info.filename.removeprefix(_FILES_PREFIX)] = File(
                            archive.read(info), executable=executable
                        )
            package = Package(entry["package"], files)
            return ResolvedModule(entry["source"], entry["version"], entry["folder"], package, entry["top"])
        except (OSError, BadZipFile, ValueError, KeyError, TypeError, EOFError):
            return None

    def save_module(self, program: Sequence[str], call: ModuleCall, module: ResolvedModule) -> None:
        package = module.package or Package("", {})
        entry = {name: getattr(module, name) for name in _RECORD_FIELDS} | {"package": package.source}
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self.folder, prefix=UNFINISHED_PREFIX)
        try:
            with os.fdopen(handle, "wb") as file, ZipFile(file, "w") as archive:
                archive.writestr(_RECORD_NAME, json.dumps(entry))
                for name, each in package.files.items():
                    info = ZipInfo(_FILES_PREFIX + name)
                    info.external_attr = (0o755 if each.executable else 0o644) << _MODE_SHIFT
                    archive.writestr(info, each.data)
            Path(temporary).replace(self._path_for(program, call))
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise

    def remove_stale(self) -> None:
        """Remove the temporary files of killed processes."""
        for path in self.folder.glob(f"{UNFINISHED_PREFIX}*"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_AFTER:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _path_for(self, program: Sequence[str], call: ModuleCall) -> Path:
        # Terraform and OpenTofu use different registries for the same address.
        identity = json.dumps([list(program), call.source, call.version])
        return self.folder / f"{hashlib.sha256(identity.encode()).hexdigest()}.zip"
