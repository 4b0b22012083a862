"""Terraform's own CLI configuration on this machine: its files, and the sources of providers in them."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from string import Template
from typing import Literal

from envctl.adapters.disk.files import read_bytes, read_text

_COMMENT = re.compile(r"^\s*(#|//).*$", re.MULTILINE)
_METHOD = re.compile(r"\b(filesystem_mirror|network_mirror|direct)\s*\{([^}]*)\}", re.DOTALL)
_SOURCE = re.compile(r"\b(?:path|url)\s*=\s*\"((?:[^\"\\]|\\.)*)\"")
_LIST = re.compile(r"\b(include|exclude)\s*=\s*\[([^\]]*)\]")
_ESCAPE = re.compile(r"\\(.)")
_PLUGIN_CACHE = re.compile(r"^\s*plugin_cache_dir\s*=\s*\"((?:[^\"\\]|\\.)*)\"", re.MULTILINE)
_TEXT = re.compile(r'"([^"]*)"')
_DEFAULT_NAMES = (".tofurc", ".terraformrc")
DEFAULT_REGISTRY = "registry.terraform.io"


@dataclass(frozen=True)
class InstallMethod:
    """One way to install providers. Without `include` it provides all except those of `exclude`."""

    kind: Literal["filesystem", "network", "direct"]
    where: str = ""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    def can_provide(self, address: str) -> bool:
        is_included = not self.include or any(_is_match(address, pattern) for pattern in self.include)
        return is_included and not any(_is_match(address, pattern) for pattern in self.exclude)


def read_main_file(environment: Mapping[str, str]) -> str:
    """Return the main file without comments on lines of their own."""
    named = _find_named_file(environment)
    home = Path(environment.get("HOME", ""))
    for file in [named] if named else [home / name for name in _DEFAULT_NAMES]:
        try:
            return _COMMENT.sub("", read_text(file, errors="replace"))
        except OSError:
            continue
    return ""


def list_config_files(environment: Mapping[str, str]) -> list[Path]:
    """Return all files read by Terraform or OpenTofu, existing or not."""
    if named := _find_named_file(environment):
        return [named]
    home = Path(environment.get("HOME", ""))
    found, folders = [home / name for name in _DEFAULT_NAMES], [home / ".terraform.d"]
    if configured := environment.get("XDG_CONFIG_HOME"):
        folders.append(Path(configured) / "opentofu")
        found.append(Path(configured) / "opentofu" / "tofurc")
    for folder in folders:
        found += [*sorted(folder.glob("*.tfrc")), *sorted(folder.glob("*.tfrc.json"))]
    return found


def read_config_files(environment: Mapping[str, str]) -> Iterator[bytes]:
    """Yield each file with its name."""
    for file in list_config_files(environment):
        try:
            yield os.fsencode(file) + b"\0" + read_bytes(file)
        except OSError:
            continue


def find_plugin_cache(environment: Mapping[str, str]) -> str:
    """Return the folder set by the user; empty if unset. One set in a file must exist."""
    if named := environment.get("TF_PLUGIN_CACHE_DIR"):
        return named
    found = _PLUGIN_CACHE.search(read_main_file(environment))
    folder = Template(_ESCAPE.sub(r"\1", found[1])).safe_substitute(environment) if found else ""
    return folder if Path(folder).is_dir() else ""


def parse_install_methods(environment: Mapping[str, str]) -> tuple[InstallMethod, ...]:
    """Return the methods in order; empty if none is configured, and registries serve all providers."""
    found = []
    for kind, body in _METHOD.findall(read_main_file(environment)):
        source = _SOURCE.search(body)
        where = _ESCAPE.sub(r"\1", source[1]) if source else ""
        lists = {name: _TEXT.findall(addresses) for name, addresses in _LIST.findall(body)}
        include, exclude = (tuple(lists.get(name, ())) for name in ("include", "exclude"))
        found.append(InstallMethod(kind.removesuffix("_mirror"), where, include, exclude))
    return tuple(found)


def _is_match(address: str, pattern: str) -> bool:
    """Match an address with a pattern: an address with stars, optionally without the registry's host."""
    lacks_host = pattern.count("/") < address.count("/")
    return fnmatchcase(address, f"{DEFAULT_REGISTRY}/{pattern}" if lacks_host else pattern)


def _find_named_file(environment: Mapping[str, str]) -> Path | None:
    path = environment.get("TF_CLI_CONFIG_FILE") or environment.get("TERRAFORM_CONFIG")
    return Path(path) if path else None
