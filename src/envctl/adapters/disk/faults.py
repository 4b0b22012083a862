"""Errors of the disk for users: a code, the path, and a hint."""

import errno
import os
from pathlib import Path

from envctl.adapters.disk.files import NotAFileError
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, OperationFailedError, Problem

DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_OPEN_FILES_ERRNOS = (errno.EMFILE, errno.ENFILE)
_HINT_BY_ERRNO = {
    errno.EACCES: "check its owner, and its permissions",
    errno.EPERM: "check its owner, and its permissions",
    errno.EROFS: "this disk is read-only: mount it for writing, or work in another folder",
    errno.ENAMETOOLONG: "shorten the name, or move the project to a folder higher up",
    errno.ENOENT: "a link that leads nowhere: remove it. If the file was moved meanwhile, run the command again",
    errno.EISDIR: "a folder is in the place of a file: move it away",
    errno.ENOTDIR: "a file is in the place of a folder: move it away",
    errno.ELOOP: "a link points back to itself: remove it",
    errno.EIO: "the disk is damaged or gone: check it (dmesg), and use another one",
    errno.ESTALE: "the network disk was mounted again: change to the folder again",
}


def to_printable(path: str | bytes | os.PathLike[str]) -> str:
    """Return a path for users, with bytes outside of UTF-8 and unprintable characters escaped."""
    text = os.fsdecode(path)
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def unreadable_error(path: str, error: OSError) -> EnvctlError:
    """Return the error for an unreadable file or folder. `path` is relative to the project."""
    shown, where = to_printable(path), Location(to_printable(path))
    why = error.strerror or str(error)
    if isinstance(error, NotAFileError):
        hint = "put a file there, or move it out of the folder: envctl reads only files"
        return ConfigurationError(Problem("E129", f"{shown} can't be read: {why}", hint, where))
    if error.errno == errno.ELOOP:
        return link_loop_error(path)
    if error.errno in _OPEN_FILES_ERRNOS:
        return open_files_error(shown, error)
    hint = _HINT_BY_ERRNO.get(error.errno or 0, "check its owner")
    return OperationFailedError(Problem("E407", f"{shown} can't be read: {why}", hint, where))


def link_loop_error(path: str) -> ConfigurationError:
    shown = to_printable(path)
    message = f"{shown} is a link to itself"
    return ConfigurationError(Problem("E128", message, "remove the link, or put the files there", Location(shown)))


def bad_name_error(path: str) -> ConfigurationError:
    shown = to_printable(path)
    message = f"the name of {shown} is not UTF-8: it is not valid on every machine"
    return ConfigurationError(Problem("E130", message, "rename it (convmv renames many files)", Location(shown)))


def open_files_error(shown: str, error: OSError) -> OperationFailedError:
    why = error.strerror or str(error)
    hint = "raise the limit (ulimit -n), or run fewer at once: --parallelism 1"
    return OperationFailedError(Problem("E365", f"{shown} can't be opened: {why}", hint))


def unwritable_error(
    path: Path, error: OSError, hint: str = "envctl writes only below .envctl/: check its disk and its owner"
) -> OperationFailedError:
    """Return the error for a failed write. `hint` is for causes without a hint of their own."""
    shown, why = to_printable(path), error.strerror or str(error)
    if error.errno in _OPEN_FILES_ERRNOS:
        return open_files_error(shown, error)
    if error.errno in DISK_FULL_ERRNOS:
        folder = next((each for each in (path, *path.parents) if _is_folder(each)), path)
        message = f"the disk of {to_printable(folder)} is full: {why.lower()}: {shown} was not written"
        return OperationFailedError(Problem("E346", message, "free space there, and run the command again"))
    hint = _HINT_BY_ERRNO.get(error.errno or 0, hint) if error.errno not in (errno.EACCES, errno.EPERM) else hint
    return OperationFailedError(Problem("E406", f"{shown} can't be written: {why}", hint))


def to_disk_error(error: OSError) -> OperationFailedError | None:
    """Return the error for an unexpected OSError; None if it concerns no file."""
    path = error.filename2 or error.filename
    if not isinstance(path, str | bytes):
        return _to_pathless_error(error)
    if error.errno in DISK_FULL_ERRNOS:
        return unwritable_error(Path(os.fsdecode(path)), error)
    if error.errno in _OPEN_FILES_ERRNOS:
        return open_files_error(to_printable(path), error)
    if error.errno in _HINT_BY_ERRNO or isinstance(error, NotAFileError | FileNotFoundError):
        message = f"{to_printable(path)} can't be used: {error.strerror}"
        hint = _HINT_BY_ERRNO.get(error.errno or 0, "check its content and its owner")
        return OperationFailedError(Problem("E366", message, hint))
    return None


def _to_pathless_error(error: OSError) -> OperationFailedError | None:
    """Return the error for an OSError without a path, for instance of a redirected stdout."""
    why = (error.strerror or str(error)).lower()
    if error.errno in DISK_FULL_ERRNOS:
        hint = "free space on the disks of the output and of .envctl/, and run the command again"
        return OperationFailedError(Problem("E346", f"a disk is full: {why}", hint))
    if error.errno in _OPEN_FILES_ERRNOS:
        return open_files_error("a file", error)
    if error.errno in (errno.EIO, errno.EROFS):
        return OperationFailedError(Problem("E366", f"a disk can't be used: {why}", _HINT_BY_ERRNO[error.errno]))
    return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
