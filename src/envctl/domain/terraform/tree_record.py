"""The record of the tree of a root module that runs as it is: where Terraform runs in it, and which files belong there.

It is written before the files of the tree, and read before Terraform runs: files that Terraform would read beside the
code, and that do not belong there, are found without the release.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from posixpath import normpath
from typing import Any

from envctl.domain.terraform.workdir_names import GENERATED_FILES

_TESTS_FOLDER = "tests/"


@dataclass(frozen=True)
class TreeRecord:
    """Attributes:

    root: the folder of the root module in the tree; `.` for the tree itself.
    files: the files in that folder, and those in its folder of tests, by their paths there.
    override: the backend and the providers that envctl wrote there, in Terraform's JSON syntax.
    settings: the settings that envctl wrote there.
    """

    root: str
    files: frozenset[str]
    override: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_paths(cls, root: str, paths: Iterable[str]) -> "TreeRecord":
        """Return the record of a tree with these files, given by their paths in it."""
        top = "" if root == "." else f"{root}/"
        names = (path[len(top) :] for path in paths if path.startswith(top))
        return cls(root, frozenset(name for name in names if "/" not in name.removeprefix(_TESTS_FOLDER)))

    def replace_generated(
        self, names: Collection[str], override: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> "TreeRecord":
        """Return the record with other files of envctl."""
        files = (self.files - frozenset(GENERATED_FILES)).union(names)
        return replace(self, files=files, override=override, settings=settings)

    def encode(self) -> bytes:
        documents = {"override": self.override, "settings": self.settings}
        return json.dumps({"root": self.root, "files": sorted(self.files), **documents}, indent=1).encode()


def parse_tree_record(data: bytes) -> TreeRecord:
    """Parse a record. Raises ValueError, KeyError or TypeError for other bytes."""
    try:
        document = json.loads(data)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    root = normpath(document["root"])
    if root.startswith(("/", "..")):
        raise ValueError(f"{root} is outside the tree")
    files = frozenset(map(str, document["files"]))
    # Half of a letter is no name of a file.
    "".join((root, *files)).encode()
    # A record of an earlier envctl has no documents.
    return TreeRecord(root, files, document.get("override") or {}, document.get("settings") or {})
