"""Changes of a plan: actions, values before and after, leaving and moving stacks. Sensitive values never enter."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields, is_dataclass, replace
from enum import StrEnum
from typing import Literal

from envctl.domain.plan.cluster_identity import ClusterIdentity
from envctl.domain.plan.provider_accounts import ProviderConfiguration
from envctl.domain.release_label import ReleaseLabel

Fate = Literal["destroy", "forget"]
Leaves = Literal["", "destroy", "forget"]
"""The fate of a stack; empty if it stays or is undecided."""
FATES: tuple[Fate, ...] = ("destroy", "forget")


@dataclass(frozen=True, kw_only=True)
class Changeover:
    """The changes of the set of stacks of an environment."""

    # Stacks missing in the release, each with its fate; empty if undecided.
    leaving: Mapping[str, Leaves] = field(default_factory=dict)
    # Stacks taking over the state of another one, each with the name of the latter.
    moves: Mapping[str, str] = field(default_factory=dict)
    # Stacks with addresses of a former name in their state until the next apply.
    former_names: Mapping[str, str] = field(default_factory=dict)
    new_stacks: tuple[str, ...] = ()  # stacks of the release missing in the environment
    # New addresses by old one, of stacks that had a module and now have a root module, or the other way round.
    new_addresses: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    # The cluster that each stack of Kubernetes objects had, of those that name another one now.
    former_clusters: Mapping[str, str] = field(default_factory=dict)
    early_stacks: frozenset[str] = frozenset()  # new stacks that read outputs which the environment does not have yet

    def expand_applied(self, stacks: frozenset[str]) -> frozenset[str]:
        """Add stacks with a state taken over from an applied stack."""
        return stacks | {new for new, old in self.moves.items() if old in stacks}

    def limit_to(self, only: Collection[str]) -> "Changeover":
        """Return it for these stacks; empty: all. Stacks leave only with a deployment of the whole release."""
        return replace(self, leaving={}) if only else self


NO_CHANGEOVER = Changeover()


def plan_changeover(
    held: Collection[str],
    renamed: Mapping[str, str],
    renamed_before: Mapping[str, str],
    fates: Mapping[str, Fate],
    unsettled: Mapping[str, str],
) -> Changeover:
    """Compare the stacks of an environment (`held`) with those of a release.

    `renamed` maps each stack of the release to its former name, or to an empty text; `renamed_before` does so for the
    release deployed before. `unsettled` maps stacks with a taken over state to its former name until their next apply.
    """
    undone = {old: new for new, old in renamed_before.items() if old in renamed}
    moves = {
        new: old
        for new, old in {**undone, **{new: old for new, old in renamed.items() if old}}.items()
        if old in held and new not in held and old not in renamed
    }
    called = {**{new: old for new, old in unsettled.items() if new in renamed}, **moves}
    left = sorted(set(held) - renamed.keys() - set(moves.values()))
    coming = tuple(name for name in renamed if name not in held and name not in moves)
    return Changeover(
        leaving={name: fates.get(name, "") for name in left}, moves=moves, former_names=called, new_stacks=coming
    )


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    READ = "read"
    MOVE = "move"
    IMPORT = "import"
    # A new object is created; Terraform forgets the old one without destroying it.
    RENEW = "renew"
    # A provider action runs; only the provider knows its effect.
    INVOKE = "invoke"


class Marker(StrEnum):
    """A placeholder for a sensitive or unknown value."""

    SENSITIVE = "(sensitive)"
    UNKNOWN = "(known after apply)"


# Terraform's own resource; it exists in the state only.
BUILT_IN_TYPE = "terraform_data"


def is_object_type(type_name: str) -> bool:
    """Check if a type is a kind of Kubernetes objects: these begin with a capital letter, types of Terraform do not."""
    return type_name[:1].isupper()


def is_same_value(one: object, other: object) -> bool:
    """Check that Terraform sees two values, or containers of values, as equal.

    Python takes True for 1; an untyped value, such as an output, can change between them.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same_value(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same_value, one, other))
    if is_dataclass(one) and type(one) is type(other):
        return all(is_same_value(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return one == other and isinstance(one, bool) == isinstance(other, bool)


@dataclass(frozen=True)
class AttributeChange:
    """One changed attribute. `path` is like `tags.Name` or `ingress[0].from_port`; None means absent."""

    path: str
    before: object
    after: object
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True)
class PlannedValue:
    """A value that approvals are bound to. `digest` stands in the fingerprint: a digest, or a sign in its place.

    `before` and `after` are for people, with markers for sensitive and unknown values; None means absent.
    """

    digest: str = field(metadata={"public": True})  # without a secret in it: digits that look like one stay
    before: object = None
    after: object = None


@dataclass(frozen=True, kw_only=True)
class ResourceChange:
    """A planned change of a resource, or the invocation of an action."""

    address: str
    type: str
    action: Action
    attributes: tuple[AttributeChange, ...] = ()  # the changes for people to read
    moved_from: str = ""
    reason: str = ""
    imported: str = ""  # identifier of the imported object
    creates_first: bool = False  # a replacement creates the new object before it destroys the old one
    programs: tuple[str, ...] = ()  # the programs run on the machine of the apply
    remarks: tuple[str, ...] = ()  # further sentences for people, without a subject
    # Each planned value by path: approvals are bound to them. Empty if only attributes are known.
    planned: Mapping[str, PlannedValue] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True)
class OutputChange:
    name: str
    action: Action
    before: object
    after: object


@dataclass(frozen=True)
class Forecast:
    """What a stack will probably do that waits for others: planned with their outputs unknown. It is shown, and binds
    nothing: no fingerprint and no stored plan has it.
    """

    resources: tuple[ResourceChange, ...] = ()  # resources, outputs and warnings: as in a plan; empty with a problem.
    outputs: tuple[OutputChange, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: str = ""  # why the stack can't be forecast; empty if it can
    elsewhere: str = ""  # with a problem, what the stack did in the environment before, as a sentence; empty if unknown

    def to_plan(self, stack: str) -> "StackPlan":
        """Return it in the form of a plan, to be shown like one."""
        return StackPlan(stack, resources=self.resources, outputs=self.outputs, warnings=self.warnings)


@dataclass(frozen=True)
class StackPlan:
    """The plan of one stack."""

    stack: str
    _: KW_ONLY
    resources: tuple[ResourceChange, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    waits_for: tuple[str, ...] = ()  # the stacks to apply before this one can be planned
    warnings: tuple[str, ...] = ()
    stateless: bool = False  # the state is missing or holds no resource
    drifted: tuple[ResourceChange, ...] = ()  # differences of reality (`after`) from the state (`before`)
    # It waits although it has resources: it reads outputs about to be added, or has a new upstream stack.
    behind: bool = False
    # Drifted resources restored by recreations in this plan, as a group is with its rule.
    restored: tuple[str, ...] = ()
    providers: tuple[ProviderConfiguration, ...] = ()  # AWS configurations in use; unknown for a plan without changes
    in_state: int = 0  # number of managed resources in the state, as far as the plan tells
    leaves: Leaves = ""  # fate of a stack missing in the release; empty for the others
    floating_images: tuple[str, ...] = ()  # images of its objects without a digest, such as `nginx:1.29`
    forecast: Forecast | None = None  # of a stack that waits, if one was asked for
    cluster: ClusterIdentity | None = None  # where its Kubernetes objects are; None if it was not reached

    @property
    def known_outputs(self) -> dict[str, object]:
        """The outputs after an apply, as the plan or the forecast knows them: those that change."""
        outputs = self.forecast.outputs if self.forecast else self.outputs
        return {each.name: each.after for each in outputs if each.action is not Action.DELETE}

    @property
    def changes(self) -> bool:
        """Tell if an apply would do anything, even only to outputs. Reads are no changes."""
        return bool(self.outputs) or any(resource.action is not Action.READ for resource in self.resources)


@dataclass(frozen=True)
class Cost:
    """The monthly cost of a plan, as computed by the program of the project. Amounts are exact decimal texts."""

    currency: str = ""
    before: str = ""
    after: str = ""
    difference: str = ""
    # difference by stack and address, like `web aws_instance.this`
    resources: Mapping[str, str] = field(default_factory=dict)
    unknown: str = ""  # reason if the cost is unknown; all other fields are empty then


@dataclass(frozen=True, kw_only=True)
class EnvironmentPlan:
    """The plan of one environment."""

    environment: str
    release: str  # its id; empty for the working tree
    stacks: tuple[StackPlan, ...]
    cost: Cost | None = None  # set if the project names a pricing program and it was called
    next: str = ""  # the command that would apply the plan, or what comes before; empty unless it was asked for
    label: ReleaseLabel | None = None  # what people know the release by, if it is recorded
    unplanned: tuple[str, ...] = ()  # stacks that could not be planned; the errors say why

    @property
    def changes(self) -> bool:
        return any(stack.changes or stack.waits_for for stack in self.stacks)


def count_actions(resources: Iterable[ResourceChange]) -> dict[Action, int]:
    """Count the resources by action, in the order of `Action`; reads are left out."""
    counted = Counter(resource.action for resource in resources)
    return {action: counted[action] for action in Action if counted[action] and action is not Action.READ}


def list_imports(plans: Iterable[StackPlan]) -> list[tuple[str, ResourceChange]]:
    """Return the resources that these plans import, each with its stack."""
    return [(plan.stack, resource) for plan in plans for resource in plan.resources if resource.imported]


def has_created_or_deleted(plans: Iterable[StackPlan]) -> bool:
    """Tell if these plans, once applied, created or deleted objects of a provider: others may then report changes."""
    actions = {Action.CREATE, Action.REPLACE, Action.RENEW, Action.DELETE, Action.INVOKE}
    return any(r.action in actions and r.type != BUILT_IN_TYPE for plan in plans for r in plan.resources)


def has_deleted(plans: Iterable[StackPlan]) -> bool:
    """Tell if these plans delete or replace something."""
    return any(each.action in (Action.DELETE, Action.REPLACE) for plan in plans for each in plan.resources)


def format_invocation_address(address: str, event: str, resource: str, prefix: str) -> str:
    """Return the address of an invoked action with its trigger, like `AfterCreate`: one may run more than once."""
    if not resource:
        return address.removeprefix(prefix)
    when = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in event).replace("_", " ").split()
    return f"{address.removeprefix(prefix)} ({' '.join(when)} of {resource.removeprefix(prefix)})"
