"""Terraform's own configuration on this machine: the files, and where it says that providers come from."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from string import Template
from typing import Literal

from envctl.adapters.disk.reading import read_bytes, read_text

_COMMENT = re.compile(r"^\s*(#|//).*$", re.MULTILINE)
_METHOD = re.compile(r"\b(filesystem_mirror|network_mirror|direct)\s*\{([^}]*)\}", re.DOTALL)
_WHERE = re.compile(r"\b(?:path|url)\s*=\s*\"((?:[^\"\\]|\\.)*)\"")
_LISTED = r"\b%s\s*=\s*\[([^\]]*)\]"
_PLUGIN_CACHE = re.compile(r"^\s*plugin_cache_dir\s*=\s*\"((?:[^\"\\]|\\.)*)\"", re.MULTILINE)
_TEXT = re.compile(r'"([^"]*)"')
REGISTRY = "registry.terraform.io"


@dataclass(frozen=True)
class Method:
    """One way to get providers. Without `include` it has them all, but for those of `exclude`."""

    kind: Literal["filesystem", "network", "direct"]
    where: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def has(self, address: str) -> bool:
        named = not self.include or any(_fits(address, pattern) for pattern in self.include)
        return named and not any(_fits(address, pattern) for pattern in self.exclude)


def text(environment: Mapping[str, str]) -> str:
    """What the main file says, without comments that have lines of their own."""
    named = _named(environment)
    for file in [named] if named else _usual(environment):
        try:
            return _COMMENT.sub("", read_text(file, errors="replace"))
        except OSError:
            continue
    return ""


def files(environment: Mapping[str, str]) -> list[Path]:
    """Every file that Terraform or OpenTofu would read, whether it is there or not."""
    if named := _named(environment):
        return [named]
    home, usual = _home(environment), _usual(environment)
    folders = [home / ".terraform.d"]
    if configured := environment.get("XDG_CONFIG_HOME"):
        folders.append(Path(configured) / "opentofu")
        usual.append(Path(configured) / "opentofu" / "tofurc")
    return [
        *usual,
        *(file for folder in folders for end in ("*.tfrc", "*.tfrc.json") for file in sorted(folder.glob(end))),
    ]


def contents(environment: Mapping[str, str]) -> Iterator[bytes]:
    """All that Terraform would read, file by file, with their names."""
    for file in files(environment):
        try:
            yield os.fsencode(file) + b"\0" + read_bytes(file)
        except OSError:
            continue


def plugin_cache(environment: Mapping[str, str]) -> str:
    """The folder that somebody has named for it, or an empty text. What a file names has to be there."""
    if named := environment.get("TF_PLUGIN_CACHE_DIR"):
        return named
    found = _PLUGIN_CACHE.search(text(environment))
    folder = Template(_unescaped(found[1])).safe_substitute(environment) if found else ""
    return folder if Path(folder).is_dir() else ""


def methods(environment: Mapping[str, str]) -> tuple[Method, ...]:
    """In the order in which they stand there; none where it says nothing of it, and registries are asked."""
    found = []
    for kind, body in _METHOD.findall(text(environment)):
        where = _WHERE.search(body)
        unescaped = re.sub(r"\\(.)", r"\1", where[1]) if where else ""
        found.append(
            Method(kind.removesuffix("_mirror"), unescaped, _listed("include", body), _listed("exclude", body))
        )
    return tuple(found)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _listed(name: str, body: str) -> tuple[str, ...]:
    match = re.search(_LISTED % name, body, re.DOTALL)
    return tuple(_TEXT.findall(match[1])) if match else ()


def _fits(address: str, pattern: str) -> bool:
    """A pattern is an address with stars, and may leave the registry's host out."""
    parts = pattern.split("/")
    whole = "/".join([REGISTRY, *parts]) if len(parts) < address.count("/") + 1 else pattern
    return fnmatchcase(address, whole)


def _named(environment: Mapping[str, str]) -> Path | None:
    named = environment.get("TF_CLI_CONFIG_FILE") or environment.get("TERRAFORM_CONFIG")
    return Path(named) if named else None


def _usual(environment: Mapping[str, str]) -> list[Path]:
    home = _home(environment)
    return [home / ".tofurc", home / ".terraformrc"]


def _home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("HOME", ""))
