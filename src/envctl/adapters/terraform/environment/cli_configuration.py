"""Terraform's own CLI configuration on this machine: its files, and the sources of providers in them."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from envctl.adapters.disk.files import read_bytes, read_text

_COMMENT = r"(?m)^\s*(#|//).*$"
_METHOD = r"(?s)\b(filesystem_mirror|network_mirror|direct)\s*\{([^}]*)\}"
_SOURCE = r"\b(?:path|url)\s*=\s*\"((?:[^\"\\]|\\.)*)\""
_LIST = r"\b(include|exclude)\s*=\s*\[([^\]]*)\]"
_ESCAPE = r"\\(.)"
_PLUGIN_CACHE = r"(?m)^\s*plugin_cache_dir\s*=\s*\"((?:[^\"\\]|\\.)*)\""
_TEXT = r'"([^"]*)"'
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
            return re.sub(_COMMENT, "", read_text(file, errors="replace"))
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
    found = re.search(_PLUGIN_CACHE, read_main_file(environment))
    if not found:
        return ""
    from string import Template

    folder = Template(re.sub(_ESCAPE, r"\1", found[1])).safe_substitute(environment)
    return folder if Path(folder).is_dir() else ""


def parse_install_methods(environment: Mapping[str, str]) -> tuple[InstallMethod, ...]:
    """Return the methods in order; empty if none is configured, and registries serve all providers."""
    found = []
    for kind, body in re.findall(_METHOD, read_main_file(environment)):
        source = re.search(_SOURCE, body)
        where = re.sub(_ESCAPE, r"\1", source[1]) if source else ""
        lists = {name: re.findall(_TEXT, addresses) for name, addresses in re.findall(_LIST, body)}
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
