"""What a search of the code of a root module finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from envctl.domain.errors import Location
from envctl.domain.plan.provider_accounts import ProviderArguments
from envctl.domain.release.code_search import OutsideRead, StateBlock


@dataclass(frozen=True, kw_only=True)
class ProviderDeclaration:
    """A `provider` block of a root module.

    Attributes:
        name: its local name.
        source: the source of its provider, like `hashicorp/aws`.
        arguments: the arguments relevant to its account.
        credentials: the code of each argument and block that chooses credentials, by name.
        region: its region, if that is a literal.
        region_variable: the variable its region is taken from, if it is nothing else.
        has_region: True if it sets a region at all.
        has_default_tags: True if it has default tags.
    """

    location: Location
    name: str
    alias: str
    source: str
    arguments: ProviderArguments
    credentials: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    region_variable: str = ""
    has_region: bool = False
    has_default_tags: bool = False


@dataclass(frozen=True, order=True)
class FileSet:
    """A call of `fileset` that would also find files that envctl may write beside the code: `names`."""

    location: Location
    pattern: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RootFindings:
    """The code of a root module and its modules.

    Attributes:
        folders: the folders of its modules, without its own.
        states: its `backend` and `cloud` blocks.
        overrides: blocks in its override files that envctl has to override itself.
        needed: the local names of all providers that its code and its modules need, with their sources.
        workspaces: the uses of `terraform.workspace`.
        addresses: its resources and module calls.
        moved: its own moves, as old and new address.
        remote_states: the code of `config` of each data source that reads a state in S3 without a role, by name.
        reads: paths of the project outside of its folder and its modules that the code reads, with a place in the code.
        outside: reads of files outside of the project.
        file_sets: sets of files that would also hold files that envctl may write.
    """

    folders: tuple[str, ...] = ()
    states: tuple[StateBlock, ...] = ()
    overrides: tuple[StateBlock, ...] = ()
    providers: tuple[ProviderDeclaration, ...] = ()
    needed: Mapping[str, str] = field(default_factory=dict)
    workspaces: tuple[Location, ...] = ()
    addresses: tuple[str, ...] = ()
    moved: tuple[tuple[str, str], ...] = ()
    remote_states: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, Location] = field(default_factory=dict)
    outside: tuple[OutsideRead, ...] = ()
    file_sets: tuple[FileSet, ...] = ()

    def relocate(self, move: Callable[[str], str]) -> "RootFindings":
        """Return the findings with another form of all paths."""
        return replace(
            self,
            folders=tuple(sorted(map(move, self.folders))),
            states=_relocate(self.states, move),
            overrides=_relocate(self.overrides, move),
            providers=_relocate(self.providers, move),
            workspaces=tuple(replace(each, file=move(each.file)) for each in self.workspaces),
            reads={move(path): replace(at, file=move(at.file)) for path, at in self.reads.items()},
            outside=_relocate(self.outside, move),
            file_sets=_relocate(self.file_sets, move),
        )


_AnyLocated = TypeVar("_AnyLocated", StateBlock, ProviderDeclaration, OutsideRead, FileSet)


def _relocate(found: tuple[_AnyLocated, ...], move: Callable[[str], str]) -> tuple[_AnyLocated, ...]:
    return tuple(replace(each, location=replace(each.location, file=move(each.location.file))) for each in found)
