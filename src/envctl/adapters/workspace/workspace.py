"""The Workspace port: `<root>/<environment>/<stack>/`, with the files of the release beside the stacks."""

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from envctl.adapters.disk.faults import unwritable_error
from envctl.adapters.disk.files import NotAFileError, describe_kind, read_bytes
from envctl.adapters.disk.kept_documents import open_sealed, read_document, seal_document
from envctl.adapters.workspace import atomic, stack_tree
from envctl.adapters.workspace.work_folder import WORK, WorkFolder
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, LockHeldError, Problem
from envctl.domain.terraform import workdir_names
from envctl.domain.terraform.outputs import StackInput
from envctl.domain.terraform.tree_record import TreeRecord, parse_tree_record
from envctl.domain.terraform.workdir_names import MODULES_MANIFEST, WORKLOAD_ROOT
from envctl.domain.text.sha256 import sha256
from envctl.usecases.ports.cost import CostSource
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack, ValueSource

if TYPE_CHECKING:
    from envctl.domain.kubernetes.workload import Workload
    from envctl.domain.release.bundle import File
    from envctl.domain.terraform.generated_files import GeneratedFiles
    from envctl.usecases.ports.project import CheckOutline

PREPARED_FILE = ".prepared.json"
RELEASE_FILE = ".release"
ENVIRONMENT_LOCK = ".lock"
KNOWN_STATES_FILE = ".known-states.json"
OUTLINE_FILE = ".outline.json"
PROJECT_FILE = "envctl.toml"
# How long a probe of a lock may hold it.
PROBE_SECONDS = 0.05
_REMOVE_HINT = "remove it, and run the command again: envctl creates it again"
_STACK_FIELDS = (
    "name", "upstream", "after", "binary", "profile", "plan_keys", "base", "root", "workspace", "region", "warm",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class DirectoryWorkspace:
    """`context` holds further inputs of preparations, such as the version of envctl."""

    project: Path
    place: Path | WorkFolder
    context: str

    @property
    def root(self) -> Path:
        """The folder of all environments."""
        return self.place if isinstance(self.place, Path) else self.place.path

    @contextlib.contextmanager
    def lock_environment(self, environment: str, holder: str) -> Iterator[None]:
        root = self.place if isinstance(self.place, Path) else self.place.create_folder()
        path = root / environment / ENVIRONMENT_LOCK
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise unwritable_error(path, error) from error
        try:
            _take_lock(handle, path, environment, holder)
            # The lock ends with the process, even a killed one.
            _remove_stale_plans(path.parent)
            yield
        finally:
            os.close(handle)

    def find_holder(self, environment: str) -> str:
        return _find_holder(self.root / environment)

    def write_code(self, environment: str, files: "Mapping[str, File]") -> None:
        top = self.root / environment / workdir_names.CODE_FOLDER
        wanted = {top / name: file for name, file in files.items()}
        try:
            _clear_folder(top, keep=wanted)
        except OSError as error:
            raise unwritable_error(Path(error.filename or top), error) from error
        for path, file in wanted.items():
            _write_if_different(path, file.data, 0o755 if file.executable else 0o644)
        _check_case_conflicts(top, tuple(files))

    def save_code_release(self, environment: str, release: str) -> None:
        _write_if_different(self.root / environment / RELEASE_FILE, release.encode(), 0o644)

    def load_code_release(self, environment: str) -> str:
        return (_read_optional(self.root / environment / RELEASE_FILE) or b"").decode(errors="replace")

    def write_stack(self, environment: str, stack: str, main: bytes) -> None:
        self._forget_prepared(environment)
        home = self.root / environment / stack
        if any((home / name).exists() for name in (workdir_names.TREE_RECORD, workdir_names.OLD_TREE_RECORD)):
            # A root module that ran as it is had its tree here.
            stack_tree.clear_tree(home, "", keep=())
        _write_if_different(home / workdir_names.ROOT_MODULE_FILE, self._anchor_bytes(main, environment, stack), 0o644)

    def write_tree(
        self,
        environment: str,
        stack: str,
        root: str,
        files: "Mapping[str, File]",
        generated: "GeneratedFiles",
    ) -> None:
        self._forget_prepared(environment)
        home = self.root / environment / stack
        generated = self._anchor_files(generated, environment, stack, root)
        added = generated.encode()
        wanted = stack_tree.list_wanted_files(root, files, added)
        stack_tree.clear_tree(home, root, keep=wanted)
        # First: it leads to the plans and the state of a killed command.
        record = TreeRecord.from_paths(root, wanted).replace_generated(added, generated.override, generated.settings)
        _write_if_different(home / workdir_names.TREE_RECORD, record.encode(), 0o644)
        for path, file in wanted.items():
            _write_if_different(home / path, file.data, 0o755 if file.executable else 0o644)
        _check_case_conflicts(home, tuple(wanted))

    def write_generated(self, environment: str, stack: str, root: str, generated: "GeneratedFiles") -> None:
        self._forget_prepared(environment)
        home = self.root / environment / stack
        record = parse_tree_record(_read_optional(home / workdir_names.TREE_RECORD) or b"")
        generated = self._anchor_files(generated, environment, stack, root)
        added = generated.encode()
        record = record.replace_generated(added, generated.override, generated.settings)
        _write_if_different(home / workdir_names.TREE_RECORD, record.encode(), 0o644)
        for name in workdir_names.GENERATED_FILES:
            if name not in added:
                (home / root / name).unlink(missing_ok=True)
        for name, data in added.items():
            _write_if_different(home / root / name, data, 0o644)

    def write_module_record(self, environment: str, stack: str, record: bytes, root: str = "") -> None:
        file = self._join_workdir(environment, stack, root) / MODULES_MANIFEST
        if record:
            _write_if_different(file, record, 0o644)
        elif _has_remote_modules(_read_optional(file) or b""):
            # Of a release before: beside such a record, init looks for no module.
            file.unlink()

    def read_module_record(self, environment: str, stack: str, root: str = "") -> bytes | None:
        return _read_optional(self._join_workdir(environment, stack, root) / MODULES_MANIFEST)

    def read_provider_lock(self, environment: str, stack: str, root: str = "") -> bytes | None:
        return _read_optional(self._join_workdir(environment, stack, root) / workdir_names.LOCK_FILE)

    def load_known_states(self, environment: str) -> frozenset[str]:
        return frozenset(read_document(self.root / environment / KNOWN_STATES_FILE, _build_names, tuple[str, ...]()))

    def save_known_states(self, environment: str, stacks: Sequence[str]) -> None:
        _write_if_different(self.root / environment / KNOWN_STATES_FILE, json.dumps(list(stacks)).encode(), 0o644)

    def has_unsaved_state(self, environment: str) -> bool:
        home = self.root / environment
        return any((folder / workdir_names.UNSAVED_STATE).exists() for folder in stack_tree.list_workdirs(home))

    def has_prepared(self, environment: str) -> bool:
        return (self.root / environment / PREPARED_FILE).is_file()

    def load_prepared(self, environment: str) -> PreparedEnvironment | None:
        def build(sealed: Mapping[str, Any]) -> PreparedEnvironment | None:
            kept = open_sealed(sealed)
            stacks = tuple(map(_build_stack, kept["stacks"]))
            if self.hash_inputs(kept["inputs"]) != kept["mark"]:
                return None
            if self._hash_stacks(environment, stacks) != kept["laid_out"]:
                return None
            costs = CostSource(**{**found, "command": tuple(found["command"])}) if (found := kept["costs"]) else None
            return PreparedEnvironment(
                environment=environment,
                release=kept["release"],
                settings=kept["settings"],
                stacks=stacks,
                traffic=kept["live"],
                costs=costs,
                value_sources=_decode_sources(kept["value_sources"]),
                withheld=tuple(kept["withheld"]),
                public_names=tuple(kept["public_names"]),
                has_account=bool(kept["has_account"]),
            )

        # Missing, or written by another version: prepare again.
        return read_document(self.root / environment / PREPARED_FILE, build, None)

    def hash_project(self) -> str:
        return self.hash_inputs((PROJECT_FILE,))

    def load_check_outline(self, mark: str) -> "CheckOutline | None":
        # Imported late: a plan needs none.
        from envctl.usecases.ports.project import CheckOutline

        def build(kept: Mapping[str, Any]) -> CheckOutline | None:
            if kept["mark"] != mark:
                return None
            return CheckOutline(_build_names(kept["environments"]), _build_names(kept["withheld"]))

        # Missing, or written by another version.
        return read_document(self.root / OUTLINE_FILE, build, None)

    def save_check_outline(self, outline: "CheckOutline", mark: str) -> None:
        # A check must work on a read-only disk: a lost outline is harmless.
        with contextlib.suppress(OSError, EnvctlError):
            document = {"mark": mark, "environments": outline.environments, "withheld": outline.withheld}
            atomic.write_atomically(self.root / OUTLINE_FILE, json.dumps(document).encode())

    def hash_inputs(self, inputs: Sequence[str]) -> str:
        """Hash the content of every input, the names in every folder, and the context."""
        files = [file for name in inputs for file in _list_folder(self.project / name)]
        return _hash_files(files, self.project, self.context)

    def hash_layout(self, prepared: PreparedEnvironment) -> str:
        return self._hash_stacks(prepared.environment, prepared.all_stacks)

    def save_prepared(self, prepared: PreparedEnvironment, inputs: Sequence[str], mark: str) -> None:
        if prepared.leaving or any(stack.secrets for stack in prepared.stacks):
            # Secrets are never written, and leaving stacks are not stored.
            return
        document = {
            "inputs": list(inputs),
            "mark": mark,
            "laid_out": self._hash_stacks(prepared.environment, prepared.stacks),
            "release": prepared.release,
            "settings": prepared.settings,
            "live": dict(prepared.traffic),
            "costs": dict(vars(prepared.costs)) if prepared.costs else None,
            "value_sources": [
                {**vars(each), "secret": dict(vars(each.secret)) if each.secret else None}
                for each in prepared.value_sources
            ],
            "withheld": prepared.withheld,
            "public_names": prepared.public_names,
            "has_account": prepared.has_account,
            "stacks": [
                {
                    **{name: getattr(stack, name) for name in _STACK_FIELDS},
                    "inputs": [vars(each) for each in stack.inputs],
                    "reads": [vars(each) for each in stack.reads],
                    "workload": stack.workload.to_json() if stack.workload else None,
                }
                for stack in prepared.stacks
            ],
        }
        atomic.write_atomically(self.root / prepared.environment / PREPARED_FILE, seal_document(document))

    def _hash_stacks(self, environment: str, stacks: Sequence[PreparedStack]) -> str:
        """Hash root modules or trees, module records, backend records and release files in the working directory. The
        files of remote modules of a root count by their numbers on the disk.
        """
        home = self.root / environment
        files: list[Path] = []
        installed = []
        for stack in stacks:
            workdir = self._join_workdir(environment, stack.name, stack.root)
            if root := stack.root or (WORKLOAD_ROOT if stack.workload else ""):
                # A preparation of an earlier envctl has no such record.
                files.append(home / stack.name / workdir_names.TREE_RECORD)
                files += stack_tree.list_tree(home / stack.name, root)
                installed.append(stack_tree.stat_installed(home / stack.name, root))
            else:
                files.append(workdir / workdir_names.ROOT_MODULE_FILE)
            files += [workdir / MODULES_MANIFEST, workdir / workdir_names.BACKEND_RECORD]
        released = sorted(path for path in (home / workdir_names.CODE_FOLDER).rglob("*") if path.is_file())
        return _hash_files([*files, *released], self.root, repr(installed) if any(installed) else "")

    def _anchor_bytes(self, main: bytes, environment: str, stack: str) -> bytes:
        """Return a rendered root module with absolute paths of local states: Terraform runs outside of the project."""
        if isinstance(self.place, Path) or b'"local"' not in main:
            return main
        from envctl.domain.release.rendering.local_states import anchor_states

        folder = os.fspath(self.place.home / WORK / environment / stack)
        document = anchor_states(json.loads(main), folder)
        return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()

    def _anchor_files(self, generated: "GeneratedFiles", environment: str, stack: str, root: str) -> "GeneratedFiles":
        if isinstance(self.place, Path):
            return generated
        from envctl.domain.release.rendering.local_states import anchor_states

        folder = self.place.home / WORK / workdir_names.join_workdir(environment, stack, root)
        return replace(generated, override=anchor_states(generated.override, os.fspath(folder)))

    def _join_workdir(self, environment: str, stack: str, root: str) -> Path:
        return self.root / workdir_names.join_workdir(environment, stack, root)

    def _forget_prepared(self, environment: str) -> None:
        """Remove the saved preparations: what they describe is about to change."""
        prepared = self.root / environment / PREPARED_FILE
        try:
            prepared.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable_error(prepared, error, _REMOVE_HINT) from error


def require_idle(root: Path) -> None:
    """Raise LockHeldError (E308) if a command is at work in an environment below this folder."""
    for folder in _list_folder(root):
        if holder := _find_holder(folder):
            raise _build_lock_error(holder, folder.name)


def _find_holder(folder: Path) -> str:
    try:
        handle = os.open(folder / ENVIRONMENT_LOCK, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(handle)
    except OSError:
        return ""
    else:
        # The text of an earlier holder stays in the file.
        return ""
    finally:
        os.close(handle)


def _build_names(document: Sequence[object]) -> tuple[str, ...]:
    return tuple(name for name in document if isinstance(name, str)) if isinstance(document, list) else ()


def _build_stack(document: Mapping[str, Any]) -> PreparedStack:
    return PreparedStack(
        document["name"],
        upstream=tuple(document["upstream"]),
        secrets={},
        binary=document["binary"],
        profile=document["profile"],
        after=tuple(document["after"]),
        plan_keys=tuple(document["plan_keys"]),
        base=document["base"],
        root=document["root"],
        inputs=tuple(StackInput(**each) for each in document["inputs"]),
        reads=tuple(StackInput(**each) for each in document["reads"]),
        workspace=document["workspace"],
        region=document["region"],
        warm=bool(document["warm"]),
        workload=_decode_workload(document["workload"]),
    )


def _decode_workload(document: Mapping[str, Any] | None) -> "Workload | None":
    if document is None:
        return None
    from envctl.domain.kubernetes.workload import parse_workload

    return parse_workload(document)


def _decode_sources(sources: Sequence[Mapping[str, Any]]) -> tuple[ValueSource, ...]:
    if not sources:
        return ()
    from envctl.usecases.ports.aws import SecretReference

    return tuple(
        ValueSource(**{**each, "secret": SecretReference(**found) if (found := each["secret"]) else None})
        for each in sources
    )


def _take_lock(handle: int, path: Path, environment: str, holder: str) -> None:
    if kind := describe_kind(os.fstat(handle)):
        raise unwritable_error(path, NotAFileError(kind, os.fspath(path)), "remove it, and run the command again")
    try:
        _flock_exclusively(handle)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{holder} (process {os.getpid()})".encode(errors="replace"), 0)
    except BlockingIOError as error:
        raise _build_lock_error(_read_holder(handle), environment) from error
    except OSError as error:
        raise unwritable_error(path, error) from error


def _build_lock_error(holder: str, environment: str) -> LockHeldError:
    message = f"{holder} is at work in {environment} on this machine"
    return LockHeldError(Problem("E308", message, "wait until it ends and try again"))


def _flock_exclusively(handle: int) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        # `find_holder` holds a shared lock for an instant.
        time.sleep(PROBE_SECONDS)
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _read_holder(handle: int) -> str:
    return os.pread(handle, 4096, 0).decode(errors="replace").strip() or "another envctl"


def _has_remote_modules(record: bytes) -> bool:
    # Imported late: a plan of a prepared environment writes no record.
    from envctl.domain.release.remote_modules import decode_module_record, is_local_source

    try:
        return any(source and not is_local_source(source) for _, source, _, _ in decode_module_record(record))
    except (ValueError, KeyError, TypeError):
        return False


def _list_folder(path: Path) -> list[Path]:
    """Return the entries of a folder, or the file itself."""
    try:
        return sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError:
        # The reader of the path reports the error.
        return [path]


def _read_optional(file: Path) -> bytes | None:
    try:
        return read_bytes(file)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unwritable_error(file, error, _REMOVE_HINT) from error


def _remove_stale_plans(home: Path) -> None:
    """Delete plans of killed commands: they hold secrets, and the lock is held by this command."""
    try:
        names = (*workdir_names.PLAN_FILES, workdir_names.MOVING_STATE)
        for file in (folder / name for folder in stack_tree.list_workdirs(home) for name in names):
            file.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable_error(Path(error.filename or home), error) from error


def _check_case_conflicts(top: Path, names: Sequence[str]) -> None:
    """Raise ConfigurationError if the disk treats two names as one file."""
    import unicodedata  # late: rarely needed

    known: dict[str, str] = {}
    for name in names:
        other = known.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if other != name and (top / name).samefile(top / other):
            message = f"{other} and {name} are one file on this disk: their names differ only by case"
            raise ConfigurationError(Problem("E131", message, "rename one of them in a new release", Location(name)))


def _clear_folder(top: Path, keep: Collection[Path]) -> None:
    """Remove every link, every file not kept, and then every empty folder."""
    if top.is_symlink():
        top.unlink()
    for folder, folders, names in os.walk(top, topdown=False):
        here = Path(folder)
        for path in (here / name for name in [*folders, *names]):
            if path.is_symlink() or (path not in keep and not path.is_dir()):
                path.unlink()
            elif path.is_dir() and not any(path.iterdir()):
                path.rmdir()


def _hash_files(files: Sequence[Path], base: Path, context: str = "") -> str:
    digest = sha256(context.encode())
    for file in files:
        digest.update(b"\0" + os.fsencode(file.relative_to(base)) + b"\0")
        with contextlib.suppress(OSError):
            digest.update(sha256(read_bytes(file)).digest() + bytes([os.access(file, os.X_OK)]))
    return digest.hexdigest()


def _write_if_different(path: Path, data: bytes, mode: int) -> None:
    with contextlib.suppress(OSError):
        if read_bytes(path) == data and path.stat().st_mode & 0o777 == mode:
            return
    atomic.write_atomically(path, data, mode=mode)
