"""Where the work folders of a clone are: in the user's cache folder, outside of every working tree.

`..` in code leads from there to no file of the project. A file in `.envctl` names the clone, and a link beside it leads
people to the folder. An earlier envctl worked in `.envctl/work` itself: its files are moved.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envctl.adapters.disk.faults import unwritable_error
from envctl.adapters.disk.files import open_file, read_bytes, read_text
from envctl.adapters.disk.kept_documents import read_document
from envctl.adapters.disk.paths import expand_home
from envctl.adapters.workspace import atomic
from envctl.domain.errors import LockHeldError, OperationFailedError, Problem
from envctl.domain.terraform import workdir_names
from envctl.domain.text.sha256 import sha256

WORK, CLONE_FILE, RECORD, CACHE, SANDBOX = "work", "clone", "clone.json", "envctl", "sandbox"
# What is kept of a folder on another disk: states that were not saved, and what leads to them.
KEPT = (workdir_names.UNSAVED_STATE, workdir_names.TREE_RECORD, workdir_names.OLD_TREE_RECORD, ".known-states.json")
_KEY_LENGTH, _PRIVATE = 12, 0o700
_UNUSED_SECONDS = 30 * 24 * 3600
_MOVE_HINT = "set XDG_CACHE_HOME to a folder of yours outside of the project, and run the command again"


@dataclass(eq=False, repr=False)
class WorkFolder:
    """The work folder of a clone. `home` is `.envctl`, or the folder of the sandbox in it."""

    home: Path
    require_idle: Callable[[Path], None]  # raises LockHeldError while a command is at work below a folder
    _made: Path | None = field(default=None, init=False)

    @property
    def path(self) -> Path:
        """The folder of all environments. It may be missing, or still be that of an earlier envctl."""
        if self._made is not None:
            return self._made
        found, old = self._place(_read_text(self.home / CLONE_FILE)) / WORK, self.home / WORK
        return old if not found.exists() and _is_folder(old) else found

    def create_folder(self) -> Path:
        """Make the folder, for this user alone, and take over that of an earlier envctl. Return `path`.

        Raises OperationFailedError if it can't be made, and LockHeldError while an earlier envctl is at work there.
        """
        if self._made is None:
            try:
                self.home.mkdir(parents=True, exist_ok=True)
                with _lock_folder(self.home):
                    self._made = self._create()
            except OSError as error:
                raise unwritable_error(Path(error.filename or self.home), error, _MOVE_HINT) from error
        return self._made

    def _create(self) -> Path:
        file = self.home / CLONE_FILE
        if not (clone := _read_text(file)):
            clone = os.urandom(8).hex()
            atomic.write_atomically(file, clone.encode())
        place = self._place(clone)
        _make_private(place.parent)
        if not place.exists():
            self._prepare_place(place, clone)
        _make_private(place)
        os.utime(place / RECORD)
        self._take_over(place / WORK)
        (place / WORK).mkdir(exist_ok=True)
        self._link(place / WORK)
        return place / WORK

    def _place(self, clone: str) -> Path:
        project = self.home.parent.parent if self.home.name == SANDBOX else self.home.parent
        key = sha256(os.fsencode(f"{clone}\0{os.path.realpath(self.home)}")).hexdigest()
        name = re.sub(r"[^\w.-]", "-", Path(os.path.realpath(project)).name)
        return _find_cache(project) / f"{name}-{key[:_KEY_LENGTH]}"

    def _prepare_place(self, place: Path, clone: str) -> None:
        """Make the place. Another one of this clone is taken if the clone was moved; those of clones that are gone are
        removed, unless they hold an unsaved state.
        """
        home = os.path.realpath(self.home)
        for each in place.parent.iterdir():
            known = _read_record(each)
            if known is None or _read_text(Path(known["home"], CLONE_FILE)) == known["clone"]:
                continue
            if known["clone"] == clone and not place.exists():
                each.rename(place)
                continue
            # A sandbox that was stopped has forgotten its name.
            is_old = (each / RECORD).stat().st_mtime < time.time() - _UNUSED_SECONDS
            if (is_old and not _has_unsaved(each)) or Path(known["home"]).name == SANDBOX:
                shutil.rmtree(each, ignore_errors=True)
        place.mkdir(mode=_PRIVATE, exist_ok=True)
        atomic.write_atomically(place / RECORD, json.dumps({"clone": clone, "home": home}).encode())

    def _take_over(self, work: Path) -> None:
        old = self.home / WORK
        if not _is_folder(old):
            return
        self.require_idle(old)
        if not work.exists():
            with contextlib.suppress(OSError):
                old.rename(work)
                return
        # It is on another disk, or an earlier envctl was used again.
        for folder, _, names in os.walk(old):
            if workdir_names.RUNNING_FILE in names:
                _require_no_terraform(Path(folder, workdir_names.RUNNING_FILE))
        for folder, _, names in os.walk(old):
            for name in set(names).intersection(KEPT):
                _keep_file(Path(folder, name), work / os.path.relpath(folder, old) / name)
        shutil.rmtree(old)

    def _link(self, work: Path) -> None:
        """Lead people to the folder. envctl itself never follows the link."""
        link, new = self.home / WORK, self.home / f"{WORK}.new"
        if link.is_symlink() and link.readlink() == work:
            return
        new.unlink(missing_ok=True)
        new.symlink_to(work)
        new.replace(link)


def remove_work(work: Path) -> None:
    """Remove the work folder of a sandbox that is gone."""
    if _read_record(work.parent) is not None:
        shutil.rmtree(work.parent, ignore_errors=True)


def _find_cache(project: Path) -> Path:
    """Return the cache folder, or one in the folder of temporary files if that is in the project, or not writable."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    own = (Path(given) if given.startswith("/") else expand_home("~/.cache")) / CACHE
    # The working tree may begin above the project. A home folder with `.git` is no reason to leave it.
    above = (each for each in project.parents if (each / ".git").exists() and each != expand_home("~"))
    tree = project if (project / ".git").exists() else next(above, project)
    existing = next(each for each in (own, *own.parents) if each.exists())
    is_usable = own.is_absolute() and os.access(existing, os.W_OK | os.X_OK)
    if is_usable and not Path(os.path.realpath(own)).is_relative_to(os.path.realpath(tree)):
        return own
    return Path(tempfile.gettempdir(), f"{CACHE}-{os.geteuid()}")


def _make_private(folder: Path) -> None:
    """Make a folder for this user alone. Raises OperationFailedError if another user owns it, or if it is a link."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=_PRIVATE)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        message = f"{folder} is a link, or belongs to another user, who could change what Terraform runs"
        raise OperationFailedError(Problem("E338", message, _MOVE_HINT))
    if found.st_mode & 0o077:
        folder.chmod(_PRIVATE)


@contextlib.contextmanager
def _lock_folder(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _require_no_terraform(file: Path) -> None:
    """Raise LockHeldError if the Terraform of a killed command still runs in the folder of this file."""
    handle = open_file(file)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        message = f"Terraform of an earlier command still runs in {file.parent}"
        raise LockHeldError(Problem("E308", message, "wait until it ends and try again")) from None
    finally:
        os.close(handle)


def _keep_file(old: Path, new: Path) -> None:
    data = read_bytes(old)
    if not new.exists():
        atomic.write_atomically(new, data, mode=0o600)
    elif old.name == workdir_names.UNSAVED_STATE and read_bytes(new) != data:
        message = f"two states of one stack were not saved: {new} and {old}"
        hint = "compare them by their `serial`; move the wrong one away, and run the command again"
        raise OperationFailedError(Problem("E373", message, hint))


def _has_unsaved(place: Path) -> bool:
    return any(workdir_names.UNSAVED_STATE in names for _, _, names in os.walk(place))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _read_text(file: Path) -> str:
    try:
        text = read_text(file, errors="replace").strip()
    except OSError:
        return ""
    return text if text.isalnum() else ""


def _read_record(place: Path) -> dict[str, str] | None:
    def build(found: Mapping[str, str]) -> dict[str, str]:
        return {name: str(found[name]) for name in ("clone", "home")}

    return read_document(place / RECORD, build, None)
