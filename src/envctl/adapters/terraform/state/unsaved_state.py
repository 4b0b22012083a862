"""Unsaved state of a failed apply: Terraform leaves it as a file in the stack's directory, and ignores it from then on.

On a full disk Terraform prints the state instead, and envctl writes the file.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from envctl.adapters.disk.files import read_text, write_text
from envctl.adapters.disk.kept_documents import read_document
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.state.local_state import find_state_path
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.workdir_names import UNSAVED_STATE

_SERIAL = r'(?<="serial": )\d+'


def has_unsaved_state(site: Site) -> bool:
    return (site.directory / UNSAVED_STATE).exists()


def save_state(site: Site, state: Mapping[str, Any]) -> None:
    """Write the state to the stack's directory, or else to a temporary file and raise OperationFailedError."""
    content = json.dumps(state, indent=2).encode()
    with suppress(OSError):
        _write_bytes(os.open(site.directory / UNSAVED_STATE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), content)
        return
    message = f"stack {site.stack.name} has no space for its state"
    try:
        handle, name = tempfile.mkstemp(prefix=f"envctl-{site.environment}-{site.stack.name}-", suffix=".tfstate")
        _write_bytes(handle, content)
    except OSError as error:
        known = ", ".join(f"{each.get('type')}.{each.get('name')}" for each in state.get("resources", ()))
        message += f", and these resources are now in no state: {known or 'none'}"
        raise OperationFailedError(Problem("E313", message, "import them again: terraform import")) from error
    recover = format_command("recover", site.environment)
    hint = f"free space, move it to {site.directory / UNSAVED_STATE}, and then: {recover}"
    raise OperationFailedError(Problem("E313", f"{message}: it is in {name}", hint))


def describe_unsaved_state(site: Site) -> Problem:
    file = site.directory / UNSAVED_STATE
    if not _is_complete(file):
        message = f"a state of stack {site.stack.name} could not be saved, and {file} is incomplete"
        recover = format_command("recover", site.environment)
        hint = f"write the newest known state to that file, and then: {recover}"
        return Problem("E313", message, hint)
    message = (
        f"an apply of stack {site.stack.name} could not save its state: Terraform would create its new"
        f" resources again. The state is in {file}"
    )
    return Problem("E313", message, f"save it: {format_command('recover', site.environment)}")


def require_no_unsaved(site: Site) -> None:
    """Raise OperationFailedError if there is an unsaved state."""
    if has_unsaved_state(site):
        raise OperationFailedError(describe_unsaved_state(site))


def prepare_for_push(site: Site) -> None:
    """Make a local state acceptable to `terraform state push`: it replaces neither a state with an equal serial nor a
    partial one, and the failed write may have left either. Nothing but this directory writes the state.

    Raise OperationFailedError if the unsaved state itself is damaged.
    """
    file = site.directory / UNSAVED_STATE
    if not _is_complete(file):
        raise OperationFailedError(describe_unsaved_state(site))
    if state := find_state_path(site):
        write_text(file, re.sub(_SERIAL, lambda serial: str(int(serial[0]) + 1), read_text(file), count=1))
        if state.exists() and not _is_complete(state):
            os.truncate(state, 0)


def _is_complete(file: Path) -> bool:
    return read_document(file, lambda state: isinstance(state, dict), False)


def _write_bytes(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(content)
