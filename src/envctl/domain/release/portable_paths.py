"""Paths that are the same on every machine: what a bundle, and the project that it comes from, may name a file."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

_DRIVE = re.compile(r"[A-Za-z]:")
_TOOL_FOLDERS = frozenset({".git", ".terraform"})
"""Folders reserved by git and Terraform."""
_MAX_PART_BYTES = 255


def find_path_fault(path: str) -> str:
    """Return the fault of a path in a bundle; empty if it is valid."""
    if not path or path.startswith("/") or _DRIVE.match(path):
        return "is not relative"
    if "\\" in path or any(unicodedata.category(letter) == "Cc" for letter in path):
        return "holds a backslash or a control character"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return 'has an empty part, or a part such as ".."'
    if _TOOL_FOLDERS & {_fold_name(part) for part in parts}:
        return "is in a folder of git or Terraform"
    if any(len(part.encode(errors="surrogatepass")) > _MAX_PART_BYTES for part in parts):
        return "has a part too long for a file system"
    return ""


def find_folder_fault(path: str) -> str:
    """Return the fault of a folder as spelled in `envctl.toml`: a trailing slash and a leading `./` are allowed."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "is not relative" if path.startswith("/") else find_path_fault("/".join(parts))


def find_clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """Return two paths that clash on some file systems, or None.

    They differ only in case or Unicode form, or one is a file and the other needs a folder there.
    """
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in sorted(paths):
        folded = _fold_name(path)
        if folded in seen:
            return seen[folded], path
        seen[folded] = path
        for folder in map(str, PurePosixPath(path).parents):
            if folder == ".":
                continue
            # Two spellings of a folder are one folder on some machines, and two on others.
            if folders.setdefault(_fold_name(folder), folder) != folder:
                return folders[_fold_name(folder)], path
    return next(((seen[name], folders[name]) for name in sorted(folders.keys() & seen.keys())), None)


def _fold_name(name: str) -> str:
    """Return the name as a case-insensitive file system compares it."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
