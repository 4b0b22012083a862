"""Names in a bundle, as paths: whatever they say, nothing is ever laid outside of the folder that it is unpacked into,
and the same files lie there on every machine.
"""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

_DRIVE = re.compile(r"[A-Za-z]:")
_TOOLS = frozenset({".git", ".terraform"})
"""Folders that git and Terraform believe to be their own."""
_LONGEST_PART = 255


def find_fault(path: str) -> str:
    """Why a path in a bundle is not one; empty where it is."""
    if not path or path.startswith("/") or _DRIVE.match(path):
        return "is not relative"
    if "\\" in path or any(unicodedata.category(letter) == "Cc" for letter in path):
        return "holds a backslash or a control character"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "has an empty part, or one that leads elsewhere"
    if _TOOLS & {_folded(part) for part in parts}:
        return "lies in a folder of git or Terraform"
    if any(len(part.encode(errors="surrogatepass")) > _LONGEST_PART for part in parts):
        return "has a part that is too long for a file system"
    return ""


def find_fault_of_folder(path: str) -> str:
    """As `find_fault`, of a folder as `envctl.toml` may spell it: with a slash at its end, or `./` before it."""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "is not relative" if path.startswith("/") else find_fault("/".join(parts))


def find_clash(paths: Iterable[str]) -> tuple[str, str] | None:
    """Two paths of which a file system could keep only one: they differ in case or spelling, or one is a file where the
    other needs a folder. None where there are none.
    """
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in sorted(paths):
        folded = _folded(path)
        if folded in seen:
            return seen[folded], path
        seen[folded] = path
        for folder in map(str, PurePosixPath(path).parents):
            if folder == ".":
                continue
            # Two spellings of one folder are one folder on some machines, and two on others.
            if folders.setdefault(_folded(folder), folder) != folder:
                return folders[_folded(folder)], path
    return next(((seen[name], folders[name]) for name in sorted(folders.keys() & seen.keys())), None)


def _folded(name: str) -> str:
    """As a file system compares that knows no case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
