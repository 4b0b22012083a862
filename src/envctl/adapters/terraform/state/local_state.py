"""A state in a file of this machine, under Terraform's own lock.

Terraform makes an empty file to lock it, and whoever made it takes it away at the end if it is still empty. By then
somebody else may hold that very file and write the state into it: it would be gone with it, and all that was applied
would be made a second time. A file that is there already is taken away by nobody.
"""

import json
import os
from pathlib import Path

from envctl.adapters.disk.faults import unreadable, unwritable
from envctl.adapters.disk.reading import check_file, read_bytes
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.workdir_names import MAIN


def make_room(site: Site) -> None:
    """Sees to it that the file is there, be it empty, which is as good as none to Terraform."""
    path = _path(site)
    if path is None:
        return
    try:
        if path.exists():
            check_file(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise unwritable(path, error, "check its disk and its owner") from error


def demand_file(site: Site) -> None:
    """Before Terraform reads it, which would wait at a pipe for ever. Nothing there is no fault."""
    path = _path(site)
    if path is None:
        return
    try:
        check_file(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise unreadable(os.fspath(path), error) from error


def _path(site: Site) -> Path | None:
    """Where the state lies; None where it lies elsewhere than in a file."""
    try:
        backend = json.loads(read_bytes(site.directory / MAIN))["terraform"]["backend"]["local"]
        return Path(os.path.normpath(site.directory / backend["path"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
