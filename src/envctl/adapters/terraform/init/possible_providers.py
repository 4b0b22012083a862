"""Estimate of the pinned providers needed by a stack, before `terraform init`. It errs on the side of too many.

It decides only about locks and downloads. Terraform determines the real ones.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.disk.files import read_bytes, read_text
from envctl.adapters.disk.paths import resolve_path
from envctl.adapters.terraform.init.init_stamp import CODE_SUFFIXES
from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE

# Code of a root module that needs more than the built-in provider.
_NEEDS_PROVIDER = re.compile(
    r"\b(?:provider|required_providers)\b|\b(?:resource|data|ephemeral|action)\b\W+(?!terraform_)\w"
)
_LOCAL_SOURCE = re.compile(r'"?\bsource"?\s*[=:]\s*"(\.{1,2}/[^"]*)"')


@dataclass(frozen=True)
class PossibleProviders:
    """The pinned providers with their name anywhere in the code, and those of them that the code very likely uses."""

    needed: tuple[PinnedProvider, ...]
    likely: tuple[PinnedProvider, ...]


def find_possible_providers(directory: Path, pinned: tuple[PinnedProvider, ...]) -> PossibleProviders:
    code = "\n".join(_read_code(directory))
    needed = tuple(each for each in pinned if _name_type(each) in code)
    # As in `"aws_instance"`, `"hashicorp/aws"` and `"aws"`. Types like null and time are words of any code.
    likely = tuple(each for each in needed if re.search(rf'["/]{re.escape(_name_type(each))}["_]', code))
    return PossibleProviders(needed, likely)


def has_required_providers(site: Site) -> bool:
    """Return True if the root module itself requires or configures a provider."""
    if site.stack.root:
        return any(map(_NEEDS_PROVIDER.search, _read_folder(site.directory)))
    document = json.loads(read_bytes(site.directory / ROOT_MODULE_FILE))
    return bool(document.get("provider") or document["terraform"].get("required_providers"))


def _name_type(provider: PinnedProvider) -> str:
    return provider.address.rpartition("/")[2]


def _read_code(directory: Path) -> Iterator[str]:
    """Yield the code of the root module and of all modules called by a local path."""
    waiting, seen = [directory], set[Path]()
    while waiting:
        try:
            folder = resolve_path(waiting.pop())
        except OSError:
            continue
        if folder in seen or not folder.is_dir():
            continue
        seen.add(folder)
        for text in _read_folder(folder):
            yield text
            waiting += [folder / found for found in _LOCAL_SOURCE.findall(text)]


def _read_folder(folder: Path) -> Iterator[str]:
    for file in sorted(folder.iterdir()):
        if file.name.endswith(CODE_SUFFIXES) and file.is_file():
            yield read_text(file, errors="replace")
