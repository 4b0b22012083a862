"""Stray files beside a root module: Terraform would read them, and envctl did not write them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from envctl.adapters.disk.files import read_bytes
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE

_READ_BY_TERRAFORM = re.compile(
    r".*\.(tf|tofu)(\.json)?"
    r"|terraform\.tfvars(\.json)?"
    r"|.*\.auto\.tfvars(\.json)?"
    r"|.*\.(tftest|tofutest|tfmock|tofumock|tfquery|tfpolicy)\.(hcl|json)"
)
_TESTS_FOLDER = "tests"
WORKSPACE_FILE = ".terraform/environment"
"""Terraform's record of the selected workspace. Without it, Terraform uses the default one."""


def remove_stray_files(directory: Path) -> list[str]:
    """Remove stray files, and return their names. Only files of envctl, and those Terraform made from them, stay."""
    removed = []
    in_tests = [f"{_TESTS_FOLDER}/{name}" for name in _list_stray_names(directory / _TESTS_FOLDER)]
    for name in [*_list_stray_names(directory), *in_tests, WORKSPACE_FILE]:
        if name == ROOT_MODULE_FILE or (name == WORKSPACE_FILE and _has_default_workspace(directory / name)):
            continue
        try:
            (directory / name).unlink()
        except OSError:
            # It does not exist, or is a folder: Terraform reads no folders.
            continue
        removed.append(name)
    return removed


def _has_default_workspace(file: Path) -> bool:
    """Check if the record says what its absence says: an init with TF_WORKSPACE writes it so."""
    try:
        return read_bytes(file).strip() == b"default"
    except OSError:
        return False


def _list_stray_names(directory: Path) -> Iterator[str]:
    try:
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError:
        return
    yield from (name for name in names if _READ_BY_TERRAFORM.fullmatch(name))
