"""The contents of a release: its files, and the wiring of its stacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from envctl.domain.plan.leaving_stacks import Fate
from envctl.domain.terraform.variables import ModuleCall, Schema
from envctl.domain.terraform.workdir_names import LOCK_FILE


@dataclass(frozen=True)
class BundledModule:
    """A module called below the root of a stack, with the fields of an entry in Terraform's `modules.json`."""

    key: str  # the stack and the names of the calls, like `network.vpc`
    source: str  # as Terraform spells it
    version: str  # as chosen in the registry
    folder: str  # in the bundle

    @property
    def stack_name(self) -> str:
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class StackWiring:
    """The module of a stack and its connections to other stacks."""

    module: str  # path in the bundle
    inputs: Mapping[str, str] = field(default_factory=dict)  # output references by variable, as in envctl.toml
    region: str = ""  # name of its region; empty for that of the environment
    after: tuple[str, ...] = ()  # stacks applied before it without an input from them
    moved_from: str = ""  # former name of a renamed stack

    @property
    def upstream(self) -> tuple[str, ...]:
        """The stacks it reads outputs of."""
        return tuple(sorted({reference.partition(".")[0] for reference in self.inputs.values()}))

    @property
    def needs(self) -> tuple[str, ...]:
        """The stacks to apply before it."""
        return tuple(sorted({*self.upstream, *self.after}))


@dataclass(frozen=True)
class Wiring:
    """A release without its files; equal in all environments."""

    project: str
    terraform: str  # version constraint
    stacks: Mapping[str, StackWiring]  # in the order of apply
    artifacts: Mapping[str, object]  # values by variable
    schema: Schema
    outputs: Mapping[str, Mapping[str, bool]]  # by stack and name; true if sensitive
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    modules: tuple[BundledModule, ...] = ()  # all modules of the stacks with remote ones
    removed: Mapping[str, Fate] = field(default_factory=dict)  # fate of stacks still held by an environment

    @property
    def stack_regions(self) -> Mapping[str, str]:
        """Region names of the stacks outside the region of their environment."""
        return {name: stack.region for name, stack in self.stacks.items() if stack.region}


@dataclass(frozen=True)
class File:
    data: bytes
    executable: bool = False


@dataclass(frozen=True)
class Release:
    """A release, complete once no module is missing."""

    wiring: Wiring
    files: Mapping[str, File]  # modules and provider lock by path in the bundle
    missing: tuple[ModuleCall, ...] = ()  # remote modules not fetched yet; a bundle needs their code

    def with_lock(self, lock: bytes | None) -> "Release":
        """Return the release with another provider lock, or without one."""
        files = {name: file for name, file in self.files.items() if name != LOCK_FILE}
        return replace(self, files=files if lock is None else {**files, LOCK_FILE: File(lock)})

    def lock_bytes(self) -> bytes | None:
        file = self.files.get(LOCK_FILE)
        return file.data if file else None
