"""The Templates port: files in the package, or in a checkout of the repository."""

import functools
import os
from collections.abc import Mapping
from pathlib import Path

import envctl
from envctl.domain.release.bundle import File

PACKAGE = Path(envctl.__file__).parent / "templates"
ARCHIVE = PACKAGE / "shipped.tar.xz"
"""What a wheel has of the top of the repository: hatch_build.py packs it."""
WORKFLOWS = PACKAGE.with_name("workflows")
REPOSITORY = PACKAGE.parents[2]
COMMON = "every"
"""Files of every template, and of the workflows of every system."""
PLATFORM = "platform"
"""The template of the repository's own project."""
PROJECT_PATHS = ("envctl.toml", "environments")
# Development leftovers, absent from a wheel.
EXCLUDED = frozenset({".terraform", "__pycache__", "node_modules", "build", "dist", "secrets"})


class PackagedTemplates:
    def load_template(self, template: str) -> Mapping[str, File]:
        own = {**_read_folder(PACKAGE / COMMON), **_read_folder(PACKAGE / template)}
        if template == PLATFORM:
            own |= {path: file for part in PROJECT_PATHS for path, file in self.load_shipped(part).items()}
        return own

    def load_shipped(self, folder: str) -> Mapping[str, File]:
        if ARCHIVE.is_file():
            files = _unpack_archive()
            return {path: file for path, file in files.items() if path == folder or path.startswith(f"{folder}/")}
        if (REPOSITORY / folder).is_file():
            return {folder: _read_file(REPOSITORY / folder)}
        return {f"{folder}/{path}": file for path, file in _read_folder(REPOSITORY / folder).items()}

    def load_workflows(self, system: str) -> Mapping[str, str]:
        files = {**_read_folder(WORKFLOWS / COMMON), **_read_folder(WORKFLOWS / system)}
        return {path: file.data.decode() for path, file in files.items()}

    def load_locks(self) -> Mapping[str, str]:
        files = {name: f"requirements-{name}.lock" for name in ("build", "run")}
        return {name: self.load_shipped(file)[file].data.decode() for name, file in files.items()}


@functools.cache
def _unpack_archive() -> Mapping[str, File]:
    import tarfile

    with tarfile.open(ARCHIVE) as opened:
        return {
            member.name: File(packed.read(), executable=bool(member.mode & 0o100))
            for member in opened
            if (packed := opened.extractfile(member))
        }


def _read_folder(top: Path) -> dict[str, File]:
    files: list[Path] = []
    for folder, folders, names in os.walk(top):
        folders[:] = set(folders) - EXCLUDED
        files += [Path(folder, name) for name in names]
    return {file.relative_to(top).as_posix(): _read_file(file) for file in sorted(files)}


def _read_file(path: Path) -> File:
    return File(path.read_bytes(), executable=os.access(path, os.X_OK))
