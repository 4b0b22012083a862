"""Hook of the wheel: packs what `envctl init` copies and `envctl explain` prints into one archive, which takes half the
bytes of single files.
"""

import io
import lzma
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ARCHIVE = "envctl/templates/shipped.tar.xz"
PARTS = (
    "app",
    "charts",
    "environments",
    "envctl.toml",
    "kubernetes",
    "modules",
    "requirements-build.lock",
    "requirements-run.lock",
)
ERRORS, GUARDS = "docs/errors.md", "docs/guards.md"


class PackTemplates(BuildHookInterface[Any]):
    """Adds the archive to a wheel. An editable installation reads the files where they lie."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._folder = Path(tempfile.mkdtemp())
        archive = self._folder / "shipped.tar.xz"
        with lzma.open(archive, "wb", preset=9) as packed, tarfile.open(fileobj=packed, mode="w") as opened:
            for path in self._list_files():
                data = self._read_file(path)
                opened.addfile(self._describe(path, len(data)), io.BytesIO(data))
        build_data["force_include"][os.fspath(archive)] = ARCHIVE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        if version != "editable":
            shutil.rmtree(self._folder)

    def _list_files(self) -> Iterator[str]:
        """Yield the files in a fixed order, without those that pyproject.toml excludes."""
        for part in (*PARTS, *self._list_pages()):
            if (Path(self.root) / part).is_file():
                yield part
            for folder, folders, names in os.walk(Path(self.root) / part):
                relative = os.path.relpath(folder, self.root)
                folders[:] = sorted(
                    each for each in folders if not self.build_config.directory_is_excluded(each, relative)
                )
                paths = (f"{relative}/{name}" for name in sorted(names))
                yield from (path for path in paths if not self.build_config.path_is_excluded(path))

    def _list_pages(self) -> list[str]:
        """Return the pages of errors and guards, and those that errors refer to."""
        self._links = re.findall(r"\]\(([\w-]+\.md)#?([\w-]*)", (Path(self.root) / ERRORS).read_text(encoding="utf-8"))
        return sorted({ERRORS, GUARDS, *(f"docs/{page}" for page, _ in self._links)})

    def _read_file(self, path: str) -> bytes:
        """Return the content of a file; of a page, its beginning and the sections that errors refer to."""
        data = (Path(self.root) / path).read_bytes()
        if not path.startswith("docs/") or path in (ERRORS, GUARDS):
            return data
        wanted = {anchor for page, anchor in self._links if path == f"docs/{page}"}
        beginning, *sections = re.split(r"^(?=## )", data.decode(), flags=re.MULTILINE)
        return "".join((beginning, *(each for each in sections if wanted & _list_anchors(each)))).encode()

    def _describe(self, path: str, size: int) -> tarfile.TarInfo:
        """Return the entry of a file: the same bytes for the same file, whoever builds."""
        file = Path(self.root) / path
        entry = tarfile.TarInfo(path)
        entry.size = size
        entry.mode = 0o755 if os.access(file, os.X_OK) else 0o644
        return entry


def _list_anchors(section: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", section, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings}
