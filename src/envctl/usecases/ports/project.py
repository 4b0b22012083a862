"""Ports to a project: source files, configuration languages, git history and working directories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Every command imports this file: types are imported for type checking only.
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from envctl.domain.config.project import Project
    from envctl.domain.errors import Location
    from envctl.domain.release.bundle import File, Release
    from envctl.domain.release.code_search import AccountBlocks, OutsideRead
    from envctl.domain.release.commit_message import CommitMessage
    from envctl.domain.release.place.default_tags import ResourceTags
    from envctl.domain.release.remote_modules import ResolvedModule
    from envctl.domain.release.root_findings import RootFindings
    from envctl.domain.terraform.generated_files import GeneratedFiles
    from envctl.domain.terraform.variables import ModuleCall, ModuleInterface, ModuleValidations, SettingsFile
    from envctl.usecases.ports.terraform import PreparedEnvironment


@dataclass(frozen=True)
class Revision:
    """A commit of the working tree. `uncommitted` is True with local changes, or without any commit."""

    commit: str = ""
    author: str = ""
    uncommitted: bool = True
    differences: tuple[str, ...] = ()  # the files that are not as in the commit, each with the reason in brackets


class VersionControl(Protocol):
    def read_revision(self, paths: Sequence[str], files: Mapping[str, File] | None = None) -> Revision:
        """Return the current commit, and what is not as in it: the content of these files and of the files at `paths`,
        ignored ones too, and missing files of the commit at or below `paths`.
        """

    def read_message(self, commit: str) -> CommitMessage:
        """Return the message of a commit, with known secrets redacted; empty if the commit is unknown."""

    def list_contributors(self, since: str, until: str) -> Sequence[str] | None:
        """Return the addresses of authors, committers and co-authors of the commits up to `until` that `since` does not
        contain; of all where `since` is no commit of a complete clone. None if the clone lacks some of them.
        """

    def list_path_authors(self, paths: Sequence[str], since: str) -> Sequence[str] | None:
        """Return those addresses for changes of these paths up to the current commit; none without git."""

    def list_changes(self, base: str) -> Sequence[str] | None:
        """Return the changed paths of the repository since the common ancestor with `base`; None if git can't tell."""

    def is_behind(self, commit: str) -> bool | None:
        """Check if the current commit is a strict ancestor of `commit`. None if a shallow clone can't tell."""

    def read_remote(self) -> str:
        """Return the address of the remote `origin`, or of the only remote; empty without one."""

    def locate_project(self) -> str | None:
        """Return the path of the project in its repository, empty at the top; None outside of any repository."""


class SourceTree(Protocol):
    """The project folder, and the git repository around it. Paths are relative to the project, with `/`: those of other
    folders of the repository begin with `..`.
    """

    def locate_project(self) -> str | None:
        """Return the path of the project in its repository, empty at the top; None outside of any repository."""

    def read_contents(self, path: str) -> bytes | None: ...

    def read_file(self, path: str) -> File | None:
        """Return the file; None if missing. Raises ConfigurationError for a link out of the repository."""

    def read_folder(
        self, path: str, endings: tuple[str, ...] = ("",), without: Collection[str] = ()
    ) -> Mapping[str, File] | None:
        """Return the files below a folder with these endings, by project path; None if the folder is missing. Links are
        followed; names in `without` are skipped.

        Raises ConfigurationError for a link out of the repository, a circular link, a special file, and a name outside
        UTF-8.
        """

    def write_contents(self, path: str, data: bytes) -> None:
        """Write atomically. An existing file keeps its mode, a link its target."""


class ConfigReader(Protocol):
    """Parsers of the project's languages. Raise ConfigurationError with every problem and its `file:line`."""

    def parse_project(self, data: bytes) -> Project: ...

    def locate_key(self, data: bytes, path: Sequence[str | int]) -> Location:
        """Return the line of a key in the project file, or of the nearest enclosing table."""

    def parse_settings(self, data: bytes, name: str, public: frozenset[str] = frozenset()) -> SettingsFile:
        """Parse a settings file. Errors show values of the `public` names alone."""

    def parse_module(self, files: Mapping[str, bytes], name: str) -> ModuleInterface: ...

    def parse_module_calls(self, files: Mapping[str, bytes], name: str) -> tuple[ModuleCall, ...]:
        """Return the module calls in the code of any module."""

    def parse_validations(self, files: Mapping[str, bytes]) -> ModuleValidations:
        """Return `validation` blocks of one folder's files, by path. Raises nothing: unreadable ones are left out."""

    def find_outside_reads(self, files: Mapping[str, bytes], modules: Sequence[str]) -> tuple[OutsideRead, ...]:
        """Return the reads of files outside `files` by these module folders, as far as static analysis finds them."""

    def find_account_blocks(self, files: Mapping[str, bytes], modules: Sequence[str]) -> AccountBlocks:
        """Return the blocks of these module folders that choose credentials."""

    def find_resource_tags(
        self, files: Mapping[str, bytes], folders: Collection[str], prefix: str
    ) -> Mapping[str, tuple[ResourceTags, ...]]:
        """Return literal tags of types that begin with `prefix`, by module folder, with those of called modules."""

    def find_roots(self, files: Mapping[str, bytes], roots: Mapping[str, Sequence[str]]) -> Mapping[str, RootFindings]:
        """Search the code of plain root modules. `roots` are their folders by stack, then of remote modules."""


class RemoteModules(Protocol):
    """Code of modules called by a remote address."""

    def load_cached(self, binary: str, call: ModuleCall) -> ResolvedModule | None:
        """Return the cached module of an immutable address; None if not cached."""

    def save_cached(self, binary: str, call: ModuleCall, module: ResolvedModule) -> None: ...

    def fetch_modules(
        self, binary: str, release: Release, known: Mapping[str, ResolvedModule], called_at: Mapping[str, Location]
    ) -> Mapping[str, ResolvedModule]:
        """Return all modules below the stacks of a release, by key: the `known` ones, and the others fetched with the
        Terraform program `binary`.

        `called_at` gives the location of each module address by key. Raises ConfigurationError or OperationFailedError
        with one problem for each unavailable module.
        """


@dataclass(frozen=True)
class CheckOutline:
    """What the start of a drift check needs from the project file."""

    environments: tuple[str, ...]  # what a check without names looks at
    withheld: tuple[str, ...]  # every environment variable of the project with a secret value


class Workspace(Protocol):
    """Working directories of the environments, below `.envctl/`."""

    def lock_environment(self, environment: str, holder: str) -> AbstractContextManager[None]:
        """Lock the directory of an environment for one command. Raises LockHeldError, naming the holder."""

    def find_holder(self, environment: str) -> str:
        """Return the command that holds the lock of an environment now; empty if none does, or if it is unknown."""

    def write_code(self, environment: str, files: Mapping[str, File]) -> None:
        """Write the files of the release, and remove all others."""

    def save_code_release(self, environment: str, release: str) -> None:
        """Record the release of the code written there."""

    def load_code_release(self, environment: str) -> str:
        """Return the release recorded last, or an empty text. Only a hint, used for prefetching."""

    def write_stack(self, environment: str, stack: str, main: bytes) -> None:
        """Write a rendered root module, in place of a tree."""

    def write_tree(
        self, environment: str, stack: str, root: str, files: Mapping[str, File], generated: GeneratedFiles
    ) -> None:
        """Write the tree of a stack with a root module as it is, and remove all other files but those of Terraform.

        `files` are files of the release by their paths in the tree; `generated` are written into the folder `root`.
        Raises OperationFailedError (E373) if a state that an apply could not save lies in another folder of the stack.
        """

    def write_generated(self, environment: str, stack: str, root: str, generated: GeneratedFiles) -> None:
        """Replace the generated files of a written tree, and leave all other files."""

    def write_module_record(self, environment: str, stack: str, record: bytes, root: str = "") -> None:
        """Write Terraform's record of installed modules, before any installation. `root` is as in PreparedStack.

        Without a record, remove one with remote modules, left by another release.
        """

    def read_module_record(self, environment: str, stack: str, root: str = "") -> bytes | None:
        """Return the module record as Terraform left it."""

    def read_provider_lock(self, environment: str, stack: str, root: str = "") -> bytes | None:
        """Return the provider lock as Terraform left it."""

    def load_known_states(self, environment: str) -> frozenset[str]:
        """Return the stacks whose state is known to match the ledger."""

    def save_known_states(self, environment: str, stacks: Sequence[str]) -> None:
        """Save these stacks, to spare later plans the ledger read."""

    def has_unsaved_state(self, environment: str) -> bool:
        """Check for a state left by a failed save of an apply."""

    def has_prepared(self, environment: str) -> bool:
        """Check for saved preparations, even outdated ones."""

    def load_prepared(self, environment: str) -> PreparedEnvironment | None:
        """Return the last preparation if all its inputs are unchanged; else None."""

    def hash_project(self) -> str:
        """Hash the project file."""

    def load_check_outline(self, mark: str) -> CheckOutline | None:
        """Return the outline of the project file with this hash, if the last drift check saved it."""

    def save_check_outline(self, outline: CheckOutline, mark: str) -> None:
        """Save the outline. `mark` is the hash of the project file from before it was read."""

    def hash_inputs(self, inputs: Sequence[str]) -> str:
        """Hash these files and folders of the project."""

    def hash_layout(self, prepared: PreparedEnvironment) -> str:
        """Hash the files written for it."""

    def save_prepared(self, prepared: PreparedEnvironment, inputs: Sequence[str], mark: str) -> None:
        """Save the preparation. `mark` is the hash of `inputs` from before they were read."""


class Templates(Protocol):
    """Project templates packaged with envctl."""

    def load_template(self, template: str) -> Mapping[str, File]:
        """Return the files of a template by project path, without the modules of its stacks."""

    def load_shipped(self, folder: str) -> Mapping[str, File]:
        """Return the files of a packaged folder such as `modules/vpc` by project path; empty if missing."""

    def load_workflows(self, system: str) -> Mapping[str, str]:
        """Return the workflow source texts of a CI system such as `github`."""

    def load_locks(self) -> Mapping[str, str]:
        """Return the locks of envctl's packages: `build` for tools that build them, and `run` for its dependencies."""


class ProjectFolder(Protocol):
    """Folders of new projects."""

    def path_for(self, name: str) -> str:
        """Return the folder of a project, as the user would type it."""

    def explain_occupied(self, name: str) -> str:
        """Describe the existing content there; empty if the folder is free."""

    def create(self, name: str, files: Mapping[str, File]) -> None:
        """Create the whole folder, or nothing. Raises AlreadyExistsError with the text of `explain_occupied` if the
        folder is taken, and OperationFailedError for disk errors.
        """
