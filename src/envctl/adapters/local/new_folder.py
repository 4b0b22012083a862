"""The ProjectFolder port: a new folder below another one."""

import errno
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.release.bundle import File
from envctl.usecases.ports.core import AlreadyExistsError

TAKEN_ERRNOS = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


@dataclass(frozen=True, eq=False, repr=False)
class NewProjectFolder:
    """Creates projects below `above`, a path as the user typed it; or at an absolute path."""

    above: Path

    def path_for(self, name: str) -> str:
        return os.fspath(self.above / name)

    def explain_occupied(self, name: str) -> str:
        folder = self.above / name
        try:
            if folder.is_dir() and not folder.is_symlink():
                return f"the folder {folder} is not empty" if any(folder.iterdir()) else ""
            return f"{folder} exists already, and is not a folder" if os.path.lexists(folder) else ""
        except OSError as error:
            raise _unwritable_error(folder, error) from error

    def create(self, name: str, files: Mapping[str, File]) -> None:
        """Write to a temporary folder, then rename it."""
        folder = self.above / name
        temporary = ""
        try:
            if not os.path.lexists(folder.parent):
                folder.parent.mkdir(parents=True)
            temporary = tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.")
            # One level deeper, the folder gets the default permissions of the user.
            whole = Path(temporary, folder.name)
            for path, file in files.items():
                written = whole / path
                written.parent.mkdir(parents=True, exist_ok=True)
                written.write_bytes(file.data)
                if file.executable:
                    mode = written.stat().st_mode
                    # Every reader may execute it.
                    written.chmod(mode | (mode & 0o444) >> 2)
            # Replaces an empty folder, and fails on any other.
            whole.rename(folder)
        except OSError as error:
            if error.errno in TAKEN_ERRNOS and (there := self.explain_occupied(name)):
                raise AlreadyExistsError(there) from error
            raise _unwritable_error(folder, error) from error
        finally:
            if temporary:
                shutil.rmtree(temporary, ignore_errors=True)


def _unwritable_error(folder: Path, error: OSError) -> OperationFailedError:
    reason = error.strerror or error
    hint = "check its disk and its owner, or choose another place"
    return OperationFailedError(Problem("E024", f"{folder} can't be made: {reason}", hint))
