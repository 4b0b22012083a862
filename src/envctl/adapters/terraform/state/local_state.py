"""State in a local file, under Terraform's own lock.

Terraform creates an empty file to lock it, and removes it at the end if it is still empty. By then another process may
hold the file and write its state into it: the state would be lost, and all its resources would be created twice.
Terraform never removes an existing file.
"""

import os
from pathlib import Path

from envctl.adapters.disk.faults import unreadable_error, unwritable_error
from envctl.adapters.disk.files import require_file
from envctl.adapters.terraform.process.rendered_documents import read_rendered
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.workdir_names import STATE_FILE


def create_state_file(site: Site) -> None:
    """Create the file if it is missing. Terraform treats an empty file as no state."""
    path = find_state_path(site)
    if path is None:
        return
    try:
        if path.exists():
            require_file(path)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise unwritable_error(path, error, "check its disk and its owner") from error


def check_state_file(site: Site) -> None:
    """Check the file before Terraform reads it: it would wait at a pipe for ever. A missing file is valid."""
    path = find_state_path(site)
    if path is None:
        return
    try:
        require_file(path)
    except FileNotFoundError:
        return
    except OSError as error:
        raise unreadable_error(os.fspath(path), error) from error


def find_state_path(site: Site) -> Path | None:
    """Return the path of the state; None for another backend."""
    try:
        backend = read_rendered(site)["terraform"]["backend"]["local"]
        path = backend["path"]
        if site.stack.workspace:
            path = f"{backend['workspace_dir']}/{site.stack.workspace}/{STATE_FILE}"
        return Path(os.path.normpath(site.directory / path))
    except (OSError, ValueError, KeyError, TypeError):
        return None
