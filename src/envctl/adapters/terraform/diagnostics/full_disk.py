"""A disk that is full: whoever reads it has to know which one, and no state may be lost for it."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from envctl.adapters.terraform.process.disk_errors import CODE, FULL, describe_full_disk, room
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.process import Ended
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError, Problem

_SAID = re.compile(r"(?:(/\S+): )?(no space left on device|disk quota exceeded|file too large)", re.IGNORECASE)
_WHERE = re.compile(r"(\S*/\S+|\S+\.tf\w+): (?:no space left on device|disk quota exceeded)", re.IGNORECASE)
RESERVE, ROOM = ".reserve", 4 << 20
"""Bytes that an apply finds free when its state has to be written, whatever became of the disk meanwhile."""


@contextlib.contextmanager
def reserved(site: Site) -> Iterator[None]:
    """Room for a state is kept free while it lasts, and is there when it is over. Raises OperationFailedError, before
    anything is begun, where there is none.
    """
    file = site.directory / RESERVE
    try:
        with room(site.directory), file.open("wb") as kept:
            _take(kept.fileno(), site)
        yield
    finally:
        file.unlink(missing_ok=True)


def _take(descriptor: int, site: Site) -> None:
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, ROOM)
    except OSError as error:
        # Not every file system can promise anything.
        if error.errno in FULL:
            why = f"an apply of {site.stack.name} might not be able to save its state, and was not begun"
            message = f"the disk of {site.directory} is full: {why}"
            raise OperationFailedError(Problem(CODE, message, f"make room there: {ROOM >> 20} MiB at least")) from error


def hint(said: str, directory: Path) -> str:
    """Which disk it is by what was said in a directory, where anybody says so."""
    found = _WHERE.search(said)
    where = os.path.normpath(directory / found[1].strip("'\"") / "..") if found else ""
    return f"make room on {f'the disk of {where}' if where else 'that disk'}, and run the command again"


def demand_room(site: Site, ended: Ended, transcript: Transcript) -> None:
    """Raises OperationFailedError where the disk said no to Terraform."""
    if not ended.code or ended.interrupted:
        return
    told = "\n".join([*(f"{each.summary}\n{each.detail}" for each in transcript.errors), ended.errors])
    if found := _SAID.search(told):
        where = Path(found[1]) if found[1] else site.directory
        raise OperationFailedError(describe_full_disk(where, found[2], f"{site.stack.name}: "))
