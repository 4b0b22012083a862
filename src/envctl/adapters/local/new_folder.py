"""The Ground port: a new folder below another one."""

import errno
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.release.contents import File
from envctl.usecases.ports.core import AlreadyExistsError

TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


class NewFolder:
    """`above` is where it shall lie, as it is typed."""

    def __init__(self, above: Path) -> None:
        self._above = above

    def path(self, name: str) -> str:
        return os.fspath(self._above / name)

    def occupied(self, name: str) -> str:
        folder = self._above / name
        try:
            if folder.is_dir() and not folder.is_symlink():
                return f"the folder {folder} is not empty" if any(folder.iterdir()) else ""
            return f"{folder} is there already, and is no folder" if os.path.lexists(folder) else ""
        except OSError as error:
            raise _unwritable(folder, error) from error

    def lay(self, name: str, files: Mapping[str, File]) -> None:
        """Written beside its place, and put there at the end."""
        folder = self._above / name
        beside = ""
        try:
            beside = tempfile.mkdtemp(dir=self._above, prefix=f".{name}.")
            # One level deeper, a folder has the rights that the user gives to new ones.
            whole = Path(beside, name)
            for path, file in files.items():
                _write(whole / path, file)
            # An empty folder gives way; one in which something lies by now does not.
            whole.rename(folder)
        except OSError as error:
            if error.errno in TAKEN and (there := self.occupied(name)):
                raise AlreadyExistsError(there) from error
            raise _unwritable(folder, error) from error
        finally:
            if beside:
                shutil.rmtree(beside, ignore_errors=True)


def _write(path: Path, file: File) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.data)
    if file.executable:
        mode = path.stat().st_mode
        # Whoever may read it may run it.
        path.chmod(mode | (mode & 0o444) >> 2)


def _unwritable(folder: Path, error: OSError) -> OperationFailedError:
    reason = error.strerror or error
    hint = "check its disk and who owns it, or take another place: envctl --project DIR init NAME"
    return OperationFailedError(Problem("E024", f"{folder} can't be made: {reason}", hint))
