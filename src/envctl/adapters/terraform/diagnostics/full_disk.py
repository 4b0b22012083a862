"""Full disks: reports the affected disk, and reserves space for a state."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from envctl.adapters.disk.faults import DISK_FULL_ERRNOS
from envctl.adapters.terraform.process.disk_errors import FULL_DISK_CODE, describe_full_disk, translate_disk_errors
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.terraform.workdir_names import RESERVE_FILE

_FULL_DISK_ERROR = re.compile(
    r"(?:(/\S+): )?(no space left on device|disk quota exceeded|file too large)", re.IGNORECASE
)
_FULL_DISK_PATH = re.compile(r"(\S*/\S+|\S+\.tf\w+): (?:no space left on device|disk quota exceeded)", re.IGNORECASE)
RESERVE_BYTES = 4 << 20
"""Bytes reserved for the state of an apply, even if the disk fills up meanwhile."""


@contextlib.contextmanager
def reserve_space(site: Site) -> Iterator[None]:
    """Reserve space for a state in the context. Raise OperationFailedError at its start if the disk is full."""
    file = site.directory / RESERVE_FILE
    try:
        with translate_disk_errors(site.directory), file.open("wb") as reserve:
            _allocate_reserve(reserve.fileno(), site)
        yield
    finally:
        file.unlink(missing_ok=True)


def _allocate_reserve(descriptor: int, site: Site) -> None:
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
    except OSError as error:
        # Not every file system can reserve space.
        if error.errno in DISK_FULL_ERRNOS:
            why = f"an apply of {site.stack.name} might not be able to save its state; it was not started"
            message = f"the disk of {site.directory} is full: {why}"
            hint = f"free at least {RESERVE_BYTES >> 20} MiB there"
            raise OperationFailedError(Problem(FULL_DISK_CODE, message, hint)) from error


def suggest_making_room(text: str, directory: Path) -> str:
    """Return the hint for a message about a full disk, with the disk if the message has a path."""
    found = _FULL_DISK_PATH.search(text)
    where = os.path.normpath(directory / found[1].strip("'\"") / "..") if found else ""
    return f"free space on {f'the disk of {where}' if where else 'that disk'}, and run the command again"


def check_disk_error(site: Site, ended: ProcessResult, transcript: Transcript) -> None:
    """Raise OperationFailedError if Terraform failed because of a full disk."""
    if not ended.code or ended.interrupted:
        return
    text = "\n".join([*(each.text for each in transcript.errors), ended.errors])
    if found := _FULL_DISK_ERROR.search(text):
        where = Path(found[1]) if found[1] else site.directory
        raise OperationFailedError(describe_full_disk(where, found[2], f"{site.stack.name}: "))
