"""What a release holds, as values: its files, and the wiring of its stacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from envctl.domain.plan.leaving_stacks import Fate
from envctl.domain.terraform.variables import ModuleCall, Schema
from envctl.domain.terraform.workdir_names import LOCK_FILE


@dataclass(frozen=True)
class CarriedModule:
    """A module that stands below the one that a stack invokes, in the words of Terraform's record.

    `key` is the way to it, like `network.vpc`: the stack, and the names of the calls. `source` is the address as
    Terraform spells it, `version` what a registry had for it, and `folder` where it lies in the bundle.
    """

    key: str
    source: str
    version: str
    folder: str

    @property
    def stack(self) -> str:
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class StackWiring:
    """`module` is a path in the bundle; `inputs` are references to outputs of other stacks, as in envctl.toml; `region`
    is the name of the region that it runs in, where that is not the one of its environment. `after` are stacks that
    come before it although it reads nothing of them. `moved_from` is what the stack was called before, where it was
    renamed.
    """

    module: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    region: str = ""
    after: tuple[str, ...] = ()
    moved_from: str = ""

    @property
    def upstream(self) -> tuple[str, ...]:
        """The stacks whose outputs it reads."""
        return tuple(sorted({reference.partition(".")[0] for reference in self.inputs.values()}))

    @property
    def needs(self) -> tuple[str, ...]:
        """The stacks that have to be applied before it."""
        return tuple(sorted({*self.upstream, *self.after}))


@dataclass(frozen=True)
class Wiring:
    """Everything of a release that is not files: it never differs between environments.

    `stacks` are in the order in which they are applied. `artifacts` map a variable to its value. `outputs` map a stack
    to its output names, true where sensitive. `modules` are those of the stacks that call any by
    an address. `removed` says what becomes of stacks that it has no more, where an environment still holds them.
    """

    project: str
    terraform: str
    stacks: Mapping[str, StackWiring]
    artifacts: Mapping[str, object]
    schema: Schema
    outputs: Mapping[str, Mapping[str, bool]]
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    modules: tuple[CarriedModule, ...] = ()
    removed: Mapping[str, Fate] = field(default_factory=dict)

    @property
    def regions(self) -> Mapping[str, str]:
        """The names of those that stacks have of their own."""
        return {name: stack.region for name, stack in self.stacks.items() if stack.region}


@dataclass(frozen=True)
class File:
    data: bytes
    executable: bool = False


@dataclass(frozen=True)
class Release:
    """`files` are the modules and the provider lock, by path in the bundle. `missing` are the calls of modules that are
    still where their address says: without their code there is no bundle.
    """

    wiring: Wiring
    files: Mapping[str, File]
    missing: tuple[ModuleCall, ...] = ()

    def with_lock(self, lock: bytes | None) -> "Release":
        """The same release with another provider lock."""
        files = {name: file for name, file in self.files.items() if name != LOCK_FILE}
        return replace(self, files=files if lock is None else {**files, LOCK_FILE: File(lock)})

    def lock(self) -> bytes | None:
        file = self.files.get(LOCK_FILE)
        return file.data if file else None
