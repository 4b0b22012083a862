"""Renders the objects of stacks, once for a tree that stays as it is."""

import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from envctl.adapters.kubernetes.rendering.stack_rendering import StackRendering
from envctl.adapters.kubernetes.rendering.tools import find_memory_folder
from envctl.domain.errors import ConfigurationError
from envctl.domain.kubernetes.manifests.rendered import RenderedManifests
from envctl.domain.kubernetes.workload import Workload
from envctl.domain.release.bundle import File


class ManifestRenderer:
    """Renders trees of stacks with kubectl and helm, without a network. Threads share it."""

    def __init__(self) -> None:
        # By tree: the bytes and values of the last rendering, and its objects.
        self._known: dict[Path, tuple[tuple[object, ...], RenderedManifests]] = {}
        self._lock = threading.Lock()

    def render(self, tree: Path, workload: Workload, values: Mapping[str, str]) -> RenderedManifests:
        """Return the objects of a stack, like `_render`. The apply after a plan needs no tool again."""
        made_of = (_hash_tree(tree), workload, dict(values))
        with self._lock:
            before, rendered = self._known.get(tree, ((), RenderedManifests(())))
        if before == made_of:
            return rendered
        rendered = self._render(tree, workload, values)
        with self._lock:
            self._known[tree] = made_of, rendered
        return rendered

    def _render(
        self, tree: Path, workload: Workload, values: Mapping[str, str], *, with_examples: bool = False
    ) -> RenderedManifests:
        """Return the objects of a stack, rendered twice and compared. `values` has the text of each variable; of a
        chart, JSON by path. With examples, a variable without a text keeps its example: never for a cluster.

        Raises ConfigurationError: E602 for addresses in a network, E603 for a variable without a value, E604 for a
        missing tool, E605 for an old one, E606 if rendering fails, E607 if it is not repeatable, E608 for hooks, E609
        for malformed objects, E610 for Secrets with values, E611 for invalid YAML.
        """
        # Values may be sensitive outputs: a process that is killed leaves them in no file on disk.
        parent = find_memory_folder(tree) if values else None
        with tempfile.TemporaryDirectory(prefix="envctl-render-", dir=parent) as folder:
            home = Path(folder)
            (home / "home").mkdir()
            copied = home / "tree"
            shutil.copytree(tree, copied, symlinks=True)
            rendering = StackRendering(
                tree=copied, home=home, workload=workload, values=values, with_examples=with_examples
            )
            try:
                return rendering.run()
            except ConfigurationError as error:
                if any(each.code != "E606" for each in error.problems):
                    raise
                # An older tool than that of the release may not know what the code uses.
                notes = "".join(f"; {each}" for each in rendering.compare_tools())
                raise ConfigurationError(*(replace(each, hint=each.hint + notes) for each in error.problems)) from None

    def render_files(
        self, files: Mapping[str, File], workload: Workload, values: Mapping[str, str], *, with_examples: bool = False
    ) -> RenderedManifests:
        """Return the objects of a stack whose tree is not on disk, like `_render`."""
        with tempfile.TemporaryDirectory(prefix="envctl-tree-") as folder:
            for path, file in files.items():
                place = Path(folder, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.data)
            return self._render(Path(folder), workload, values, with_examples=with_examples)


def _hash_tree(tree: Path) -> str:
    """Return a hash of all names, bytes and links in a folder."""
    digest = hashlib.sha256()
    for path in sorted(tree.rglob("*")):
        data = b""
        if path.is_symlink():
            data = os.fsencode(path.readlink())
        elif path.is_file():
            data = path.read_bytes()
        for part in (os.fsencode(path.relative_to(tree)), data):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
