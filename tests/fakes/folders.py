"""The working tree in memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from envctl.domain.release.bundle import File


@dataclass
class MemoryTree:
    content: dict[str, bytes]
    folder: str | None = field(default="", kw_only=True)

    def locate_project(self) -> str | None:
        return self.folder

    def read_contents(self, path: str) -> bytes | None:
        return self.content.get(path)

    def read_file(self, path: str) -> File | None:
        return File(self.content[path]) if path in self.content else None

    def read_folder(
        self, path: str, endings: tuple[str, ...] = ("",), without: Collection[str] = ()
    ) -> Mapping[str, File] | None:
        folder = str(PurePosixPath(path))
        start = "" if folder == "." else f"{folder}/"
        found = {name: File(data) for name, data in self.content.items() if name.startswith(start)}
        return (
            {n: f for n, f in found.items() if n.endswith(endings) and not set(without) & set(n.split("/"))}
            if found
            else None
        )

    def write_contents(self, path: str, data: bytes) -> None:
        self.content[path] = data
