"""The state that an apply could not save: Terraform leaves it in the stack's directory, and knows no more of it.

On a full disk it can't even do that, and tells the state in place of it: then envctl writes it there.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from envctl.adapters.disk.reading import read_bytes, read_text
from envctl.adapters.disk.writing import write_text
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.workdir_names import MAIN, UNSAVED

_SERIAL = re.compile(r'(?<="serial": )\d+')


def lies(site: Site) -> bool:
    return (site.directory / UNSAVED).exists()


def keep(site: Site, state: Mapping[str, Any]) -> None:
    """Raises OperationFailedError where there is no room for it at its place."""
    told = json.dumps(state, indent=2).encode()
    with suppress(OSError):
        _write(os.open(site.directory / UNSAVED, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), told)
        return
    message = f"stack {site.stack.name} has a state that there is no room for"
    try:
        handle, name = tempfile.mkstemp(prefix=f"envctl-{site.environment}-{site.stack.name}-", suffix=".tfstate")
        _write(handle, told)
    except OSError as error:
        known = ", ".join(f"{each.get('type')}.{each.get('name')}" for each in state.get("resources", ()))
        message += f", and so nobody knows of what it holds any more: {known or 'nothing'}"
        raise OperationFailedError(Problem("E313", message, "take that into it again: terraform import")) from error
    hint = f"make room, move it to {site.directory / UNSAVED}, and then: envctl recover {site.environment}"
    raise OperationFailedError(Problem("E313", f"{message}: it lies in {name}", hint))


def problem(site: Site) -> Problem:
    file = site.directory / UNSAVED
    if not _whole(file):
        message = f"a state of stack {site.stack.name} could not be saved, and what lies in {file} is not whole"
        hint = f"put the newest state that there is into that file, and then: envctl recover {site.environment}"
        return Problem("E313", message, hint)
    message = (
        f"an apply of stack {site.stack.name} could not save its state: Terraform does not know of all that it made, "
        f"and would make it again. The state lies in {file}"
    )
    return Problem("E313", message, f"put it in its place: envctl recover {site.environment}")


def demand_none(site: Site) -> None:
    """Raises OperationFailedError where one lies there."""
    if lies(site):
        raise OperationFailedError(problem(site))


def make_the_newest(site: Site) -> None:
    """Nothing but this directory writes a local state, and its writing may fail before or after the serial is counted
    up, or half-way. Terraform takes no state in place of another one with the same serial, or of half a one.

    Raises OperationFailedError where the state that lies here is none.
    """
    file = site.directory / UNSAVED
    if not _whole(file):
        raise OperationFailedError(problem(site))
    backend = json.loads(read_bytes(site.directory / MAIN))["terraform"]["backend"]
    if "local" in backend:
        write_text(file, _SERIAL.sub(lambda serial: str(int(serial[0]) + 1), read_text(file), count=1))
        state = site.directory / backend["local"]["path"]
        if state.exists() and not _whole(state):
            os.truncate(state, 0)


def _whole(file: Path) -> bool:
    try:
        return isinstance(json.loads(read_bytes(file)), dict)
    except (OSError, ValueError):
        return False


def _write(handle: int, content: bytes) -> None:
    with os.fdopen(handle, "wb") as file:
        file.write(content)
