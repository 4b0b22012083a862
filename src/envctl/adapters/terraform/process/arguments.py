"""Argument lists, made by python-terraform (0.10.1), with its faults kept here.

It can't stream, so only its argument builder is used: the process is ours. It writes variables to temporary files, so
it is never given any. It turns a typo into a Terraform command, so it is never handed on.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any


@cache
def _builder() -> Any:  # noqa: ANN401
    from python_terraform import Terraform

    return Terraform(terraform_bin_path="terraform")


def arguments(binary: Sequence[str], command: str, *positional: str, **options: bool | str) -> list[str]:
    """`True` gives a plain flag (`-json`), `False` a switched-off one (`-input=false`), text a value (`-out=x`)."""
    from python_terraform import IsFlagged

    flags = {name: IsFlagged if value is True else value for name, value in options.items()}
    built = _builder().generate_cmd_string(command, *positional, **flags)
    return [*binary, *built[1:]]
