"""Files beside a root module that Terraform would read, and that envctl did not lay out."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from envctl.domain.terraform.workdir_names import MAIN

_READ = re.compile(
    r".*\.(tf|tofu)(\.json)?"
    r"|terraform\.tfvars(\.json)?"
    r"|.*\.auto\.tfvars(\.json)?"
    r"|.*\.(tftest|tofutest|tfmock|tofumock|tfquery|tfpolicy)\.(hcl|json)"
)
_TESTS = "tests"
WORKSPACE = ".terraform/environment"
"""Where Terraform records the workspace that was selected. Without it, it works in the default one."""


def remove_strays(directory: Path) -> list[str]:
    """Returns the names of the files that were removed: all that stays is what envctl laid out, and what Terraform made
    of it.
    """
    removed = []
    for name in [*_find(directory), *(f"{_TESTS}/{name}" for name in _find(directory / _TESTS)), WORKSPACE]:
        if name == MAIN:
            continue
        try:
            (directory / name).unlink()
        except OSError:
            # There is none, or it is a folder, which Terraform does not read.
            continue
        removed.append(name)
    return removed


def _find(directory: Path) -> Iterator[str]:
    try:
        with os.scandir(directory) as entries:
            names = sorted(entry.name for entry in entries)
    except OSError:
        return
    yield from (name for name in names if _READ.fullmatch(name))
