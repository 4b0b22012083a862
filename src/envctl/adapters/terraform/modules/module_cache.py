"""Modules whose address means the same for ever, as they were fetched once: a file each in a cache on this machine."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from envctl.domain.release.contents import File
from envctl.domain.release.remote_modules import FoundModule, Package
from envctl.domain.settings.settings import ModuleCall

UNFINISHED = "fetching-"
"""What a name begins with that is gone in the end, unless somebody is killed."""
_LEFT_AFTER = 86400.0
"""Seconds after which nobody is at work there any more."""
_TOLD, _FILES = "module.json", "files/"
_MODE = 16
"""Where a zip archive has the mode of a file."""


class KeptModules:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, program: Sequence[str], call: ModuleCall) -> FoundModule | None:
        """What is damaged was never there."""
        try:
            with ZipFile(self._path(program, call)) as archive:
                told = json.loads(archive.read(_TOLD))
                files = {
                    info.filename.removeprefix(_FILES): File(
                        archive.read(info), executable=bool(info.external_attr >> _MODE & 0o100)
                    )
                    for info in archive.infolist()
                    if info.filename.startswith(_FILES)
                }
            return FoundModule(told["source"], told["version"], told["folder"], Package(told["package"], files))
        except (OSError, BadZipFile, ValueError, KeyError, TypeError, EOFError):
            return None

    def add(self, program: Sequence[str], call: ModuleCall, module: FoundModule) -> None:
        package = module.package or Package("", {})
        told = {"source": module.source, "version": module.version, "folder": module.folder, "package": package.source}
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=UNFINISHED)
        try:
            with os.fdopen(handle, "wb") as file, ZipFile(file, "w") as archive:
                archive.writestr(_TOLD, json.dumps(told))
                for name, each in package.files.items():
                    info = ZipInfo(_FILES + name)
                    info.external_attr = (0o755 if each.executable else 0o644) << _MODE
                    archive.writestr(info, each.data)
            Path(temporary).replace(self._path(program, call))
        except BaseException:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
            raise

    def tidy(self) -> None:
        """Takes away what somebody left who was killed."""
        for left in self._folder.glob(f"{UNFINISHED}*"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > _LEFT_AFTER:
                    shutil.rmtree(left) if left.is_dir() else left.unlink()

    def _path(self, program: Sequence[str], call: ModuleCall) -> Path:
        # Terraform and OpenTofu have another registry for the same address.
        named = json.dumps([list(program), call.source, call.version])
        return self._folder / f"{hashlib.sha256(named.encode()).hexdigest()}.zip"
