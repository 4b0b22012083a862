"""Which of the providers that a lock pins a stack may need, before Terraform has looked: more rather than fewer.

Terraform finds out for certain. What is said here decides only what is waited for, and what is fetched.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from envctl.adapters.disk.paths import real_path
from envctl.adapters.disk.reading import read_bytes, read_text
from envctl.adapters.terraform.init.init_stamp import CODE_FILES
from envctl.adapters.terraform.init.plugin_cache import Pinned
from envctl.domain.terraform.workdir_names import MAIN

_BESIDE = re.compile(r'"?\bsource"?\s*[=:]\s*"(\.{1,2}/[^"]*)"')


def needed(directory: Path, wanted: tuple[Pinned, ...]) -> tuple[Pinned, ...]:
    """Those whose name stands anywhere in the code: a resource begins with it, or a source ends with it."""
    code = "\n".join(_texts(directory))
    return tuple(each for each in wanted if each.address.rpartition("/")[2] in code)


def needs_some(directory: Path) -> bool:
    """Whether the root module itself speaks of a provider that is not built in."""
    document = json.loads(read_bytes(directory / MAIN))
    return bool(document.get("provider") or document["terraform"].get("required_providers"))


def _texts(directory: Path) -> Iterator[str]:
    """Of the root module, and of all modules that are called by a path from there."""
    waiting, seen = [directory], set[Path]()
    while waiting:
        try:
            folder = real_path(waiting.pop())
        except OSError:
            continue
        if folder in seen or not folder.is_dir():
            continue
        seen.add(folder)
        for file in sorted(folder.iterdir()):
            if file.name.endswith(CODE_FILES) and file.is_file():
                text = read_text(file, errors="replace")
                yield text
                waiting += [folder / found for found in _BESIDE.findall(text)]
