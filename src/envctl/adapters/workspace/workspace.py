"""The Workspace port: `<root>/<environment>/<stack>/` with the release's files beside the stacks."""

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envctl.adapters.disk.faults import unwritable
from envctl.adapters.disk.reading import NotAFileError, kind_of, read_bytes
from envctl.adapters.workspace import atomic
from envctl.domain.errors import ConfigurationError, Location, LockHeldError, Problem
from envctl.domain.terraform.workdir_names import (
    BACKEND_RECORD,
    CODE,
    LOCK_FILE,
    MAIN,
    MANIFEST,
    MOVING,
    PLAN_FILES,
    UNSAVED,
)
from envctl.usecases.ports.cost import CostSource
from envctl.usecases.ports.project import Prepared
from envctl.usecases.ports.terraform import PreparedStack

if TYPE_CHECKING:
    from envctl.domain.release.contents import File

PREPARED = ".prepared.json"
NAMED = ".release"
LOCK = ".lock"
KNOWN_STATES = ".known-states.json"


class DirectoryWorkspace:
    """`context` is what outside of the project's files decides what is prepared, such as the version of envctl."""

    def __init__(self, project: Path, root: Path, context: str) -> None:
        self._project = project
        self._root = root
        self._context = context

    @contextlib.contextmanager
    def lock(self, environment: str, holder: str) -> Iterator[None]:
        path = self._root / environment / LOCK
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise unwritable(path, error) from error
        try:
            _take(handle, path, environment, holder)
            # The lock goes with the open file, so a killed envctl never leaves one behind.
            _remove_left_plans(path.parent)
            yield
        finally:
            os.close(handle)

    def lay_code(self, environment: str, files: "Mapping[str, File]") -> None:
        top = self._root / environment / CODE
        wanted = {top / name: file for name, file in files.items()}
        try:
            _clear(top, keep=wanted)
        except OSError as error:
            raise unwritable(Path(error.filename or top), error) from error
        for path, file in wanted.items():
            _write_if_different(path, file.data, 0o755 if file.executable else 0o644)
        _check_names(top, tuple(files))

    def name_code(self, environment: str, release: str) -> None:
        _write_if_different(self._root / environment / NAMED, release.encode(), 0o644)

    def code_of(self, environment: str) -> str:
        return (_read(self._root / environment / NAMED) or b"").decode(errors="replace")

    def lay_stack(self, environment: str, stack: str, main: bytes) -> None:
        _remove(self._root / environment / PREPARED)
        _write_if_different(self._root / environment / stack / MAIN, main, 0o644)

    def lay_modules(self, environment: str, stack: str, record: bytes) -> None:
        if record:
            _write_if_different(self._root / environment / stack / MANIFEST, record, 0o644)

    def modules(self, environment: str, stack: str) -> bytes | None:
        return _read(self._root / environment / stack / MANIFEST)

    def provider_lock(self, environment: str, stack: str) -> bytes | None:
        return _read(self._root / environment / stack / LOCK_FILE)

    def known_states(self, environment: str) -> frozenset[str]:
        try:
            kept = json.loads(_read(self._root / environment / KNOWN_STATES) or b"[]")
        except ValueError:
            return frozenset()
        return frozenset(name for name in kept if isinstance(name, str)) if isinstance(kept, list) else frozenset()

    def note_known_states(self, environment: str, stacks: Sequence[str]) -> None:
        _write_if_different(self._root / environment / KNOWN_STATES, json.dumps(list(stacks)).encode(), 0o644)

    def unsaved(self, environment: str) -> bool:
        return any((self._root / environment).glob(f"*/{UNSAVED}"))

    def remembers(self, environment: str) -> bool:
        return (self._root / environment / PREPARED).is_file()

    def recall(self, environment: str) -> Prepared | None:
        try:
            kept = json.loads(read_bytes(self._root / environment / PREPARED))
            stacks = tuple(
                PreparedStack(
                    s["name"],
                    tuple(s["upstream"]),
                    {},
                    s["binary"],
                    s["profile"],
                    after=tuple(s["after"]),
                    plan_keys=tuple(s["plan_keys"]),
                )
                for s in kept["stacks"]
            )
            if self.mark(kept["inputs"]) != kept["mark"] or self._laid_out(environment, stacks) != kept["laid_out"]:
                return None
            return Prepared(
                environment, kept["release"], kept["settings"], stacks, kept["live"], _cost_source(kept["costs"])
            )
        except (OSError, ValueError, KeyError, TypeError):
            # Nothing was remembered, or in the form of another version: all is prepared anew.
            return None

    def mark(self, inputs: Sequence[str]) -> str:
        """Of every input's content, of the names in every folder, and of what decides outside of the project."""
        digest = hashlib.sha256(self._context.encode())
        for path in (self._project / name for name in inputs):
            for file in _beside(path):
                _add(digest, file, self._project)
        return digest.hexdigest()

    def mark_laid_out(self, prepared: Prepared) -> str:
        return self._laid_out(prepared.environment, prepared.all_stacks)

    def remember(self, prepared: Prepared, inputs: Sequence[str], mark: str) -> None:
        if prepared.left or any(stack.secrets for stack in prepared.stacks):
            # They would have to be kept too, and secrets are never written.
            return
        document = {
            "inputs": list(inputs),
            "mark": mark,
            "laid_out": self._laid_out(prepared.environment, prepared.stacks),
            "release": prepared.release,
            "settings": prepared.settings,
            "live": dict(prepared.live),
            "costs": dict(vars(prepared.costs)) if prepared.costs else None,
            "stacks": [
                {
                    "name": s.name,
                    "upstream": s.upstream,
                    "after": s.after,
                    "binary": s.binary,
                    "profile": s.profile,
                    "plan_keys": s.plan_keys,
                }
                for s in prepared.stacks
            ],
        }
        atomic.write(self._root / prepared.environment / PREPARED, json.dumps(document).encode())

    def _laid_out(self, environment: str, stacks: Sequence[PreparedStack]) -> str:
        """Of the root modules, the release's files, and where Terraform finds modules among them and the state, as they
        lie in the working directory.
        """
        digest, home = hashlib.sha256(), self._root / environment
        mains = [home / stack.name / name for stack in stacks for name in (MAIN, MANIFEST, BACKEND_RECORD)]
        for file in [*mains, *sorted(p for p in (home / CODE).rglob("*") if p.is_file())]:
            _add(digest, file, self._root)
        return digest.hexdigest()


def _take(handle: int, path: Path, environment: str, holder: str) -> None:
    if kind := kind_of(os.fstat(handle)):
        raise unwritable(path, NotAFileError(kind, os.fspath(path)), "remove it, and run the command again")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{holder} (process {os.getpid()})".encode(errors="replace"), 0)
    except BlockingIOError as error:
        raise _held(environment, os.pread(handle, 4096, 0).decode(errors="replace")) from error
    except OSError as error:
        raise unwritable(path, error) from error


def _cost_source(kept: "Mapping[str, Any] | None") -> CostSource | None:
    return CostSource(**{**kept, "command": tuple(kept["command"])}) if kept else None


def _beside(path: Path) -> list[Path]:
    """What lies in a folder; a file itself."""
    try:
        return sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError:
        # Whoever reads it is told why it can't be.
        return [path]


def _read(file: Path) -> bytes | None:
    try:
        return read_bytes(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unwritable(file, error, "remove it, and run the command again: envctl makes it anew") from error


def _remove_left_plans(home: Path) -> None:
    """Plans hold secrets. One that lies there belongs to a command that was killed: its lock is ours now."""
    try:
        with os.scandir(home) as entries:
            stacks = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        for file in (Path(stack, name) for stack in stacks for name in (*PLAN_FILES, MOVING)):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(Path(error.filename or home), error) from error


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(file, error, "remove it, and run the command again: envctl makes it anew") from error


def _check_names(top: Path, names: Sequence[str]) -> None:
    """Raises ConfigurationError where this disk took two names for one: a file would lie there in place of another."""
    import unicodedata  # late: what lies ready is not laid out again

    known: dict[str, str] = {}
    for name in names:
        other = known.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name and (top / name).samefile(top / other):
            message = f"{other} and {name} are one file on the disk of this machine: their names differ by case only"
            raise ConfigurationError(Problem("E131", message, "rename one of them in a new release", Location(name)))


def _clear(top: Path, keep: Collection[Path]) -> None:
    """Removes every link, every file that is not kept, and every folder that is empty then."""
    if top.is_symlink():
        top.unlink()
    for folder, folders, names in os.walk(top, topdown=False):
        here = Path(folder)
        for path in (here / name for name in [*folders, *names]):
            if path.is_symlink() or (path not in keep and not path.is_dir()):
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def _add(digest: "hashlib._Hash", file: Path, base: Path) -> None:
    digest.update(b"\0" + os.fsencode(file.relative_to(base)) + b"\0")
    with contextlib.suppress(OSError):
        digest.update(hashlib.sha256(read_bytes(file)).digest() + bytes([os.access(file, os.X_OK)]))


def _write_if_different(path: Path, data: bytes, mode: int) -> None:
    with contextlib.suppress(OSError):
        if read_bytes(path) == data and path.stat().st_mode & 0o777 == mode:
            return
    atomic.write(path, data, mode=mode)


def _held(environment: str, holder: str) -> LockHeldError:
    who = holder.strip() or "another envctl"
    return LockHeldError(
        Problem("E308", f"{who} is at work in {environment} on this machine", "wait until it is done and try again")
    )
