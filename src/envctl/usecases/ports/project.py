"""The ports to a project: its files, its languages, its history, and the folders that are laid out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    # Every command imports this file; what its signatures speak of is imported by those who use it.
    from collections.abc import Collection, Mapping, Sequence
    from contextlib import AbstractContextManager

    from envctl.domain.config.project import Project
    from envctl.domain.errors import Location
    from envctl.domain.plan.account_blocks import AccountBlocks
    from envctl.domain.release.contents import File, Release
    from envctl.domain.release.outside_reads import OutsideRead
    from envctl.domain.release.remote_modules import FoundModule
    from envctl.domain.settings.settings import ModuleCall, ModuleInterface, SettingsFile
    from envctl.usecases.ports.cost import CostSource
    from envctl.usecases.ports.terraform import PreparedStack


@dataclass(frozen=True)
class Revision:
    """`uncommitted` is true where the tree differs from the commit, or where there is no commit at all."""

    commit: str = ""
    author: str = ""
    uncommitted: bool = True


class VersionControl(Protocol):
    def revision(self, paths: Sequence[str]) -> Revision:
        """The commit of the working tree, looking only at these paths for what is uncommitted."""

    def contributors(self, since: str) -> Sequence[str]:
        """The addresses of those who wrote, committed or co-authored what came after the commit `since`, or where that
        is empty or not known, what the last commit has brought: a merge brings the commits that it merges.
        """

    def writers(self, path: str, since: str) -> Sequence[str]:
        """The addresses of those who wrote, committed or co-authored what changed a file after the commit `since`, or
        where that is empty or not known, its last change.
        """

    def is_behind(self, commit: str) -> bool | None:
        """Whether the commit of the working tree is an ancestor of that one, and not the same. None where the history
        that would tell was not fetched, as in a job that fetched one commit.
        """

    def folder(self) -> str | None:
        """Where the project lies in its repository, empty at the top; None where it is in none."""


class SourceTree(Protocol):
    """The project's folder. Paths are relative to it, with `/`."""

    def read(self, path: str) -> bytes | None: ...

    def file(self, path: str) -> File | None:
        """Raises ConfigurationError where it is a link that leads out of the project."""

    def folder(
        self, path: str, endings: tuple[str, ...] = ("",), without: Collection[str] = ()
    ) -> Mapping[str, File] | None:
        """The files below a folder whose names end so, by their path in the project; None where there is no such
        folder. Files and folders that are called as in `without` are passed over. Links are followed.

        Raises ConfigurationError where a link leads out of the project or in a circle, where something is neither a
        file nor a folder, and where a name is not UTF-8.
        """

    def write(self, path: str, data: bytes) -> None:
        """Whole or not at all. What is there keeps its mode, and a link its target."""


class Reader(Protocol):
    """Reads the project's languages. Raises ConfigurationError with every problem and its `file:line`."""

    def project(self, data: bytes) -> Project: ...

    def place(self, data: bytes, path: Sequence[str | int]) -> Location:
        """Where a key, or the nearest table around it, stands in the project file."""

    def settings(self, data: bytes, name: str) -> SettingsFile: ...

    def module(self, files: Mapping[str, bytes], name: str) -> ModuleInterface: ...

    def calls(self, files: Mapping[str, bytes], name: str) -> tuple[ModuleCall, ...]:
        """The modules that a module calls, which may be anybody's."""

    def outside_reads(self, files: Mapping[str, bytes], modules: Sequence[str]) -> tuple[OutsideRead, ...]:
        """Returns where the code of these module folders reads what is not among the files, as far as can be seen."""

    def account_blocks(self, files: Mapping[str, bytes], modules: Sequence[str]) -> AccountBlocks:
        """Returns the blocks of these module folders that decide with whose credentials something is done."""


class Modules(Protocol):
    """The code of modules that are called by an address."""

    def kept(self, binary: str, call: ModuleCall) -> FoundModule | None:
        """What was fetched before for an address that means the same for ever."""

    def keep(self, binary: str, call: ModuleCall, module: FoundModule) -> None: ...

    def fetch(
        self, binary: str, release: Release, known: Mapping[str, FoundModule], called_at: Mapping[str, Location]
    ) -> Mapping[str, FoundModule]:
        """All modules below the stacks of a release, by their keys: those that are `known`, and the others fetched.

        `binary` is the Terraform that the project file names. `called_at` tells for keys where in the project the
        address stands that leads there. Raises ConfigurationError or OperationFailedError with a problem for each of
        those that can't be had.
        """


@dataclass(frozen=True)
class Prepared:
    """All root modules of an environment, rendered from one release and the settings with this digest. `live` is what
    was known of the stacks with a rollout: they are rendered by that. `costs` is who knows what they cost, if anybody.
    `left` are stacks that the environment holds and the release has no more, made ready with the code that made them.
    """

    environment: str
    release: str
    settings: str
    stacks: tuple[PreparedStack, ...]
    live: Mapping[str, str] = field(default_factory=dict)
    costs: CostSource | None = None
    left: tuple[PreparedStack, ...] = ()

    @property
    def all_stacks(self) -> tuple[PreparedStack, ...]:
        return (*self.stacks, *self.left)


class Workspace(Protocol):
    """The working directories of the environments, under `.envctl/`."""

    def lock(self, environment: str, holder: str) -> AbstractContextManager[None]:
        """One command at a time works in an environment's directory. Raises LockHeldError, naming who holds it."""

    def lay_code(self, environment: str, files: Mapping[str, File]) -> None:
        """The release's files, and no others, for the environment's stacks to refer to."""

    def name_code(self, environment: str, release: str) -> None:
        """Notes of which release the code is that was laid out there."""

    def code_of(self, environment: str) -> str:
        """The release that was noted there last, empty where none was: a guess, good enough to fetch ahead by."""

    def lay_stack(self, environment: str, stack: str, main: bytes) -> None: ...

    def lay_modules(self, environment: str, stack: str, record: bytes) -> None:
        """Terraform's record of installed modules, as it stands before any is installed."""

    def modules(self, environment: str, stack: str) -> bytes | None:
        """That record, as Terraform left it there."""

    def provider_lock(self, environment: str, stack: str) -> bytes | None:
        """The provider lock as Terraform left it there."""

    def known_states(self, environment: str) -> frozenset[str]:
        """The stacks of which this machine has found in the ledger that it deployed what their states hold."""

    def note_known_states(self, environment: str, stacks: Sequence[str]) -> None:
        """Notes them, so that a plan need not read the ledger for that again."""

    def unsaved(self, environment: str) -> bool:
        """Whether the state of a stack lies there that an apply could not save."""

    def remembers(self, environment: str) -> bool:
        """Whether anything was ever prepared there, be it out of date."""

    def recall(self, environment: str) -> Prepared | None:
        """What was prepared last, if every input that it was made from is unchanged to the byte."""

    def mark(self, inputs: Sequence[str]) -> str:
        """A hash of these files and folders of the project, as they are now."""

    def mark_laid_out(self, prepared: Prepared) -> str:
        """A hash of what was laid out for it, as it is now."""

    def remember(self, prepared: Prepared, inputs: Sequence[str], mark: str) -> None:
        """`inputs` are what it was made from, and `mark` is theirs from before they were read."""


class Templates(Protocol):
    """What came with envctl to begin projects from."""

    def files(self, template: str) -> Mapping[str, File]:
        """The files of a template, by their path in a project, without the modules of its stacks."""

    def shipped(self, folder: str) -> Mapping[str, File]:
        """All files of a folder such as `modules/vpc`, by their path in a project; none where there is no such."""

    def workflows(self, system: str) -> Mapping[str, str]:
        """The texts that the workflows of a system of CI are made of, such as `github`."""


class Ground(Protocol):
    """Where new projects are laid."""

    def path(self, name: str) -> str:
        """The folder of a project of that name, as it is typed."""

    def occupied(self, name: str) -> str:
        """What lies there already, in words, or an empty text."""

    def lay(self, name: str, files: Mapping[str, File]) -> None:
        """The whole folder or nothing of it. Raises AlreadyExistsError, in the words of `occupied`, where something has
        come to lie there, and OperationFailedError where the disk says no.
        """
