"""The Templates port: what lies in the package, and, where that is the repository itself, at its top."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import envctl
from envctl.domain.release.contents import File

PACKAGE = Path(envctl.__file__).parent / "templates"
WORKFLOWS = PACKAGE.with_name("workflows")
REPOSITORY = PACKAGE.parents[2]
EVERY = "every"
"""What each template has."""
PLATFORM = "platform"
"""The template that is the repository's own project."""
PROJECT = ("envctl.toml", "environments")
# Made by whoever works in the repository; a wheel is built without.
LEFT_OUT = frozenset({".terraform", "__pycache__", "node_modules", "build", "dist", "secrets"})


class PackagedTemplates:
    def files(self, template: str) -> Mapping[str, File]:
        own = {**_below(PACKAGE / EVERY), **_below(PACKAGE / template)}
        if template == PLATFORM:
            own |= {path: file for part in PROJECT for path, file in self.shipped(part).items()}
        return own

    def shipped(self, folder: str) -> Mapping[str, File]:
        top = _top()
        if (top / folder).is_file():
            return {folder: _file(top / folder)}
        return {f"{folder}/{path}": file for path, file in _below(top / folder).items()}

    def workflows(self, system: str) -> Mapping[str, str]:
        return {path: file.data.decode() for path, file in _below(WORKFLOWS / system).items()}


def _top() -> Path:
    """Where modules and the rest lie: in a wheel within the package, and else at the top of the repository."""
    packaged = PACKAGE / "shipped"
    return packaged if packaged.is_dir() else REPOSITORY


def _below(top: Path) -> dict[str, File]:
    return {file.relative_to(top).as_posix(): _file(file) for file in sorted(_walked(top))}


def _walked(top: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(top):
        folders[:] = set(folders) - LEFT_OUT
        yield from (Path(folder, name) for name in names)


def _file(path: Path) -> File:
    return File(path.read_bytes(), executable=os.access(path, os.X_OK))
