"""Stray files beside a root module: Terraform would read them, and envctl did not write them.

Files missing beside a root that runs as it is are found too: Terraform would plan without them.
"""

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from envctl.adapters.disk.files import read_bytes
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.tree_record import parse_tree_record
from envctl.domain.terraform.workdir_names import ROOT_MODULE_FILE, TREE_RECORD
from envctl.domain.text.lists import join_first

_READ_BY_TERRAFORM = re.compile(
    r".*\.(tf|tofu)(\.json)?"
    r"|terraform\.tfvars(\.json)?"
    r"|.*\.auto\.tfvars(\.json)?"
    r"|.*\.(tftest|tofutest|tfmock|tofumock|tfquery|tfpolicy)\.(hcl|json)"
)
_TESTS_FOLDER = "tests"
WORKSPACE_FILE = ".terraform/environment"
"""Terraform's record of the selected workspace. Without it, Terraform uses the default one."""


_RENDERED_FILES = frozenset({ROOT_MODULE_FILE})
_MAX_NAMED = 3
_AGAIN = "run the command again: envctl writes them again"


def list_known_files(site: Site) -> Collection[str]:
    """Return the files that belong beside the root module. Raises OperationFailedError (E374) if one is missing."""
    if not site.stack.root:
        return _RENDERED_FILES
    where = f"stack {site.stack.name} of {site.environment}"
    try:
        known = parse_tree_record(read_bytes(site.home / TREE_RECORD)).files
        present = {entry.name for entry in os.scandir(site.directory)}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperationFailedError(Problem("E374", f"the files of {where} can't be listed: {error}", _AGAIN)) from error
    if missing := sorted(name for name in known if "/" not in name and name not in present):
        message = f"files of {where} are missing in {site.directory}: {join_first(missing, _MAX_NAMED)}"
        raise OperationFailedError(Problem("E374", message, _AGAIN))
    return known


def remove_stray_files(directory: Path, known: Collection[str] = _RENDERED_FILES) -> list[str]:
    """Remove stray files, and return their names. Only `known` files, and those Terraform made from them, stay."""
    removed = []
    in_tests = [f"{_TESTS_FOLDER}/{name}" for name in _list_stray_names(directory / _TESTS_FOLDER)]
    for name in [*_list_stray_names(directory), *in_tests, WORKSPACE_FILE]:
        if name in known or (name == WORKSPACE_FILE and _has_default_workspace(directory / name)):
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
