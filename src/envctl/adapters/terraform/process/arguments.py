"""Argument lists of Terraform commands, built by python-terraform (0.10.1).

Only its argument builder is used, because it cannot stream output. It writes variables to temporary files, so it gets
none, and it turns a misspelled method into a Terraform command, so the object stays in this module.
"""

import os
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, TypeAlias, get_args

LookingCommand: TypeAlias = Literal[
    "fmt", "get", "init", "output", "plan", "providers", "providers lock", "show", "state pull", "version"
]
WritingCommand: TypeAlias = Literal["apply", "force-unlock", "import", "state push", "untaint"]
"""What may write a state, or holds its lock for that: no signal kills it."""
Command: TypeAlias = LookingCommand | WritingCommand


@cache
def _argument_builder() -> Any:  # noqa: ANN401
    from python_terraform import Terraform

    # It would read a state in the current folder, which may be that of a root module.
    return Terraform(working_dir=os.devnull, terraform_bin_path="terraform")


def writes_state(words: Sequence[str]) -> bool:
    """Return whether a command line, without its program, is that of a WritingCommand."""
    return " ".join(words).startswith(get_args(WritingCommand))


def build_arguments(binary: Sequence[str], command: Command, *positional: str, **options: bool | str) -> list[str]:
    """Build a command line. `True` becomes a flag (`-json`), `False` `-input=false`, text a value (`-out=x`)."""
    from python_terraform import IsFlagged

    flags = {name: IsFlagged if value is True else value for name, value in options.items()}
    built = _argument_builder().generate_cmd_string(command, *positional, **flags)
    return [*binary, *built[1:]]
