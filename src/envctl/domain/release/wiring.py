"""The wiring of a release: its stacks with their code, and what connects them. It is equal in all environments."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from posixpath import normpath
from typing import TYPE_CHECKING

from envctl.domain.plan.changes import Fate
from envctl.domain.release.root_code import RootCode
from envctl.domain.terraform.bundle_paths import to_bundle_path, to_project_path
from envctl.domain.terraform.expressions import OutputReference, is_cluster_output
from envctl.domain.terraform.literals import format_number
from envctl.domain.terraform.variables import Schema

if TYPE_CHECKING:
    from envctl.domain.release.kubernetes_code import KubernetesCode


@dataclass(frozen=True)
class BundledModule:
    """A module called below the root of a stack, with the fields of an entry in Terraform's `modules.json`."""

    key: str  # the stack and the names of the calls, like `network.vpc`
    source: str  # as Terraform spells it
    version: str  # as chosen in the registry
    folder: str  # as the project writes it
    top: str = ""  # of a remote module in a root: the folder in its installation that the release holds

    @property
    def stack_name(self) -> str:
        return self.key.partition(".")[0]


@dataclass(frozen=True, kw_only=True)
class StackWiring:
    """The code of a stack, and its connections to other stacks."""

    module: str  # path of its folder, or of the archive of a chart, as the project writes it
    inputs: Mapping[str, str] = field(default_factory=dict)  # output references by variable, as in envctl.toml
    region: str = ""  # name of its region; empty for that of the environment
    after: tuple[str, ...] = ()  # stacks applied before it without an input from them
    moved_from: str = ""  # former name of a renamed stack
    root_code: RootCode | None = None  # code of a root module, which runs as it is
    # keys of its providers: of `datadog`, or of the alias `aws.us_east_1`
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    default_tags: bool | None = None  # None: a module gets them, a root does not
    set_values: Mapping[str, object] = field(
        default_factory=dict
    )  # values by `VARIABLE`, or by `STACK.VARIABLE` for one stack, equal in all environments
    kubernetes: "KubernetesCode | None" = None  # code of Kubernetes objects: no Terraform runs for the stack

    @property
    def is_module(self) -> bool:
        """True if Terraform runs a root module that envctl renders around its module."""
        return self.root_code is None and self.kubernetes is None

    @property
    def is_root(self) -> bool:
        return self.root_code is not None

    @property
    def root(self) -> str:
        """The folder of a root module that runs as it is, without `./` and a trailing slash; empty for a module."""
        return "" if self.root_code is None else normpath(self.module)

    @property
    def upstream(self) -> tuple[str, ...]:
        """The stacks it reads outputs of."""
        return tuple(sorted({reference.partition(".")[0] for reference in self.references}))

    @property
    def references(self) -> tuple[str, ...]:
        """The outputs that it reads: for its variables, and for the name of its cluster."""
        cluster = self.kubernetes.cluster if self.kubernetes else ""
        return (*self.inputs.values(), *([cluster] if is_cluster_output(cluster) else []))

    @property
    def aliases(self) -> tuple[str, ...]:
        """The aliased configurations in its providers, such as `aws.us_east_1`."""
        return tuple(sorted(name for name in self.providers if "." in name))

    @property
    def has_default_tags(self) -> bool:
        return self.is_module if self.default_tags is None else self.default_tags

    @property
    def needs(self) -> tuple[str, ...]:
        """The stacks to apply before it."""
        return tuple(sorted({*self.upstream, *self.after}))


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """A release without its files; equal in all environments."""

    project: str
    terraform: str  # version constraint
    stacks: Mapping[str, StackWiring]  # in the order of apply
    artifacts: Mapping[str, object]  # values by `VARIABLE`, or by `STACK.VARIABLE` for one stack
    schema: Schema
    outputs: Mapping[str, Mapping[str, bool]]  # by stack and name; true if sensitive
    providers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    modules: tuple[BundledModule, ...] = ()  # all modules of the stacks with remote ones
    removed: Mapping[str, Fate] = field(default_factory=dict)  # fate of stacks still held by an environment
    base: str = ""  # folder of the project in the bundle, if it has code from outside of the project

    @property
    def stack_regions(self) -> Mapping[str, str]:
        """Region names of the stacks outside the region of their environment."""
        return {name: stack.region for name, stack in self.stacks.items() if stack.region}

    @property
    def object_stacks(self) -> tuple[str, ...]:
        """The stacks of Kubernetes objects."""
        return tuple(name for name, stack in self.stacks.items() if stack.kubernetes is not None)

    @property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """The stacks to apply before each stack."""
        return {name: stack.needs for name, stack in self.stacks.items()}

    @property
    def cluster_outputs(self) -> Mapping[str, str]:
        """The output with the name of the cluster, by stack of Kubernetes objects in the region of that output."""
        clusters = {name: stack.kubernetes.cluster for name, stack in self.stacks.items() if stack.kubernetes}
        return {
            name: cluster
            for name, cluster in clusters.items()
            if is_cluster_output(cluster)
            and self.stacks[name].region == self.stacks[OutputReference.parse(cluster).stack].region
        }

    def to_bundle_path(self, path: str) -> str:
        """Return a path of the project from the top of the bundle: see `bundle_paths`."""
        return to_bundle_path(self.base, path) if self.base else path

    def to_project_path(self, path: str) -> str:
        """Return a path of the bundle as the project writes it."""
        return to_project_path(self.base, path) if self.base else path

    def find_root_folder(self, stack: str) -> str:
        """Return the folder of a root module that runs as it is, in the tree of its stack; empty for a module."""
        folder = self.stacks[stack].root
        return self.to_bundle_path(folder) if folder else ""

    def relocate(self, move: Callable[[str], str]) -> "Wiring":
        """Return the wiring with another form of all paths."""
        if not self.base:
            return self
        stacks = {
            name: replace(
                stack,
                module=move(stack.module),
                root_code=stack.root_code and stack.root_code.relocate(move),
                kubernetes=stack.kubernetes and stack.kubernetes.relocate(move),
            )
            for name, stack in self.stacks.items()
        }
        modules = tuple(replace(module, folder=move(module.folder)) for module in self.modules)
        return replace(self, stacks=stacks, modules=modules)


def to_json_values(values: Mapping[str, object]) -> dict[str, object]:
    """Return the values with numbers that no float holds exactly as text: Terraform turns it into the exact number."""
    return {name: _to_json_value(value) for name, value in values.items()}


def _to_json_value(value: object) -> object:
    match value:
        case Decimal():
            return format_number(value)
        case Mapping():
            return to_json_values(value)
        case list():
            return [_to_json_value(each) for each in value]
        case _:
            return value
