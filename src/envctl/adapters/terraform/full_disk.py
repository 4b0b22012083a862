"""A disk that is full while providers are installed: whoever reads it has to know which one."""

import contextlib
import errno
import os
import re
from collections.abc import Iterator
from pathlib import Path

from envctl.adapters.terraform.events import Transcript
from envctl.adapters.terraform.process import Ended
from envctl.adapters.terraform.running import Site
from envctl.domain.errors import OperationFailedError, Problem

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_SAID = re.compile(r"(?:(/\S+): )?(no space left on device|disk quota exceeded|file too large)", re.IGNORECASE)
_HINT = (
    "make room there, or name other folders: TF_PLUGIN_CACHE_DIR for providers, TMPDIR for what is on its way; then run"
    " the command again: nothing is left half-way"
)


@contextlib.contextmanager
def room(folder: Path) -> Iterator[None]:
    """Raises OperationFailedError where the disk says no to envctl itself."""
    try:
        yield
    except OSError as error:
        where = Path(os.fsdecode(error.filename)) if error.filename else folder
        if error.errno in _FULL:
            raise OperationFailedError(_problem(where, error.strerror or str(error))) from error
        message = f"{where} can't be written: {error.strerror or error}"
        hint = "envctl writes below .envctl/ and into the plugin cache: check its disk and its owner"
        raise OperationFailedError(Problem("E406", message, hint)) from error


def demand_room(site: Site, ended: Ended, transcript: Transcript) -> None:
    """Raises OperationFailedError where the disk said no to Terraform."""
    if not ended.code or ended.interrupted:
        return
    told = "\n".join([*(f"{each.summary}\n{each.detail}" for each in transcript.errors), ended.errors])
    if found := _SAID.search(told):
        where = Path(found[1]) if found[1] else site.directory
        raise OperationFailedError(_problem(where, found[2], f"{site.stack.name}: "))


def _problem(where: Path, why: str, before: str = "") -> Problem:
    folder = where if where.is_dir() else where.parent
    return Problem("E346", f"{before}the disk of {folder} is full: {why.lower()}", _HINT)
