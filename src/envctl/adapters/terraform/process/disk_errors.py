"""Errors of a disk on which envctl itself writes."""

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from envctl.domain.errors import OperationFailedError, Problem

CODE = "E346"


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


HINT = (
    "make room there, or name other folders: TF_PLUGIN_CACHE_DIR for providers, TMPDIR for what is on its way; then run"
    " the command again: nothing is left half-way"
)


@contextlib.contextmanager
def room(folder: Path) -> Iterator[None]:
    """Raises OperationFailedError where the disk says no to envctl itself."""
    try:
        yield
    except OSError as error:
        # The second one is where something was copied to.
        named = error.filename2 or error.filename
        where = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else folder
        if error.errno in FULL:
            raise OperationFailedError(describe_full_disk(where, error.strerror or str(error))) from error
        message = f"{where} can't be written: {error.strerror or error}"
        hint = "envctl writes below .envctl/ and into the plugin cache: check its disk and its owner"
        raise OperationFailedError(Problem("E406", message, hint)) from error


def describe_full_disk(where: Path, why: str, before: str = "") -> Problem:
    folder = next((each for each in (where, *where.parents) if each.is_dir()), where)
    return Problem(CODE, f"{before}the disk of {folder} is full: {why.lower()}", HINT)
