"""Argument lists of Terraform commands, built by python-terraform (0.10.1).

Only its argument builder is used, because it cannot stream output. It writes variables to temporary files, so it gets
none, and it turns a misspelled method into a Terraform command, so the object stays in this module.
"""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any


@cache
def _argument_builder() -> Any:  # noqa: ANN401
    from python_terraform import Terraform

    # It would read a state in the current folder, which may be that of a root module.
    return Terraform(working_dir=os.devnull, terraform_bin_path="terraform")


def build_arguments(binary: Sequence[str], command: str, *positional: str, **options: bool | str) -> list[str]:
    """Build a command line. `True` becomes a flag (`-json`), `False` `-input=false`, text a value (`-out=x`)."""
    from python_terraform import IsFlagged

    flags = {name: IsFlagged if value is True else value for name, value in options.items()}
    built = _argument_builder().generate_cmd_string(command, *positional, **flags)
    return [*binary, *built[1:]]
