"""What a disk's refusal means for a person: a code, the path, and what to do."""

import errno
import os
from pathlib import Path

from envctl.adapters.disk.reading import NotAFileError
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, OperationFailedError, Problem

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_EXHAUSTED = (errno.EMFILE, errno.ENFILE)
_HINTS = {
    errno.EACCES: "check who owns it, and its rights",
    errno.EPERM: "check who owns it, and its rights",
    errno.EROFS: "this disk is read-only: mount it for writing, or work in another folder",
    errno.ENAMETOOLONG: "shorten the name, or move the project to a folder higher up",
    errno.EISDIR: "a folder lies where a file has to be: move it away",
    errno.ENOTDIR: "a file lies where a folder has to be: move it away",
    errno.ELOOP: "a link there leads back to itself: remove it",
    errno.EIO: "the disk is damaged or gone: check it (dmesg), and take another one",
    errno.ESTALE: "the network disk was mounted anew: change to the folder again",
}


def readable(path: str | bytes | os.PathLike[str]) -> str:
    """A path for people: what is not UTF-8 or can't be printed in it is escaped."""
    text = os.fsdecode(path)
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def unreadable(path: str, error: OSError) -> EnvctlError:
    """The error to raise for a file or folder of a project that can't be read. `path` is in the project."""
    shown, where = readable(path), Location(readable(path))
    why = error.strerror or str(error)
    if isinstance(error, NotAFileError):
        hint = "put a file there, or move it out of the folder: envctl reads files alone"
        return ConfigurationError(Problem("E129", f"{shown} can't be read: {why}", hint, where))
    if error.errno == errno.ELOOP:
        return looping(path)
    if error.errno in _EXHAUSTED:
        return exhausted(shown, error)
    hint = _HINTS.get(error.errno or 0, "check who owns it")
    return OperationFailedError(Problem("E407", f"{shown} can't be read: {why}", hint, where))


def looping(path: str) -> ConfigurationError:
    shown = readable(path)
    message = f"{shown} is a link that leads back to itself"
    return ConfigurationError(Problem("E128", message, "remove the link, or put the files there", Location(shown)))


def misnamed(path: str) -> ConfigurationError:
    shown = readable(path)
    message = f"the name of {shown} is not UTF-8: a release can't carry it to every machine"
    return ConfigurationError(Problem("E130", message, "rename it (convmv renames many)", Location(shown)))


def exhausted(shown: str, error: OSError) -> OperationFailedError:
    why = error.strerror or str(error)
    hint = "raise the limit (ulimit -n), or let fewer run at once: --parallelism 1"
    return OperationFailedError(Problem("E365", f"{shown} can't be opened: {why}", hint))


def unwritable(
    path: Path, error: OSError, hint: str = "envctl writes below .envctl/ alone: check its disk and its owner"
) -> OperationFailedError:
    """The error to raise where a disk refuses a write. `hint` is for what has none of its own."""
    shown, why = readable(path), error.strerror or str(error)
    if error.errno in _EXHAUSTED:
        return exhausted(shown, error)
    if error.errno in FULL:
        folder = next((each for each in (path, *path.parents) if _is_folder(each)), path)
        message = f"the disk of {readable(folder)} is full: {why.lower()}: {shown} was not written"
        return OperationFailedError(Problem("E346", message, "make room there, and run the command again"))
    hint = _HINTS.get(error.errno or 0, hint) if error.errno not in (errno.EACCES, errno.EPERM) else hint
    return OperationFailedError(Problem("E406", f"{shown} can't be written: {why}", hint))


def of_machine(error: OSError) -> OperationFailedError | None:
    """What a disk said where envctl did not expect it; None for what is no file."""
    named = error.filename2 or error.filename
    if not isinstance(named, str | bytes):
        return _nameless(error)
    if error.errno in FULL:
        return unwritable(Path(os.fsdecode(named)), error)
    if error.errno in _EXHAUSTED:
        return exhausted(readable(named), error)
    if error.errno in _HINTS or isinstance(error, NotAFileError | FileNotFoundError):
        message = f"{readable(named)} can't be used: {error.strerror}"
        hint = _HINTS.get(error.errno or 0, "check what lies there, and who owns it")
        return OperationFailedError(Problem("E366", message, hint))
    return None


def _nameless(error: OSError) -> OperationFailedError | None:
    """Where the system does not say which file it was, such as what stdout is sent to."""
    why = (error.strerror or str(error)).lower()
    if error.errno in FULL:
        hint = "make room where the output and .envctl/ lie, and run the command again"
        return OperationFailedError(Problem("E346", f"a disk is full: {why}", hint))
    if error.errno in _EXHAUSTED:
        return exhausted("a file", error)
    if error.errno in (errno.EIO, errno.EROFS):
        return OperationFailedError(Problem("E366", f"a disk can't be used: {why}", _HINTS[error.errno]))
    return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
