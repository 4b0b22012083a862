"""What a search of the code of a root module finds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from envctl.domain.errors import Location
from envctl.domain.plan.provider_accounts import ProviderArguments
from envctl.domain.release.code_search import OutsideRead, StateBlock


@dataclass(frozen=True, kw_only=True)
class ProviderDeclaration:
    """A `provider` block of a root module."""

    location: Location
    name: str  # its local name
    alias: str
    source: str  # the source of its provider, like `hashicorp/aws`
    arguments: ProviderArguments  # the arguments relevant to its account
    # The code of each argument and block that chooses credentials, by name.
    credentials: Mapping[str, str] = field(default_factory=dict)
    region: str = ""  # its region, if that is a literal
    region_variable: str = ""  # the variable its region is taken from, if it is nothing else
    has_region: bool = False  # True if it sets a region at all
    has_default_tags: bool = False  # True if it has default tags


@dataclass(frozen=True, order=True)
class FileSet:
    """A call of `fileset` that would also find files that envctl may write beside the code: `names`."""

    location: Location
    pattern: str
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class RootFindings:
    """The code of a root module and its modules."""

    folders: tuple[str, ...] = ()  # the folders of its modules, without its own
    states: tuple[StateBlock, ...] = ()  # its `backend` and `cloud` blocks
    overrides: tuple[StateBlock, ...] = ()  # blocks in its override files that envctl has to override itself
    providers: tuple[ProviderDeclaration, ...] = ()
    # The local names of all providers that its code and its modules need, with their sources.
    needed: Mapping[str, str] = field(default_factory=dict)
    workspaces: tuple[Location, ...] = ()  # the uses of `terraform.workspace`
    addresses: tuple[str, ...] = ()  # its resources and module calls
    moved: tuple[tuple[str, str], ...] = ()  # its own moves, as old and new address
    # The code of `config` of each data source that reads a state in S3 without a role, by name.
    remote_states: Mapping[str, str] = field(default_factory=dict)
    # Paths of the project outside of its folder and its modules that the code reads, with a place in the code.
    reads: Mapping[str, Location] = field(default_factory=dict)
    outside: tuple[OutsideRead, ...] = ()  # reads of files outside of the project
    file_sets: tuple[FileSet, ...] = ()  # sets of files that would also hold files that envctl may write

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
