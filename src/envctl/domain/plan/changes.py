"""Changes of a plan: resources, actions, values before and after. Sensitive values never enter these types."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum

from envctl.domain.plan.leaving_stacks import Leaves
from envctl.domain.plan.provider_accounts import ProviderConfiguration


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


@dataclass(frozen=True)
class ResourceChange:
    """A planned change of a resource, or the invocation of an action.

    Attributes:
        attributes: the changes for people to read.
        imported: identifier of the imported object.
        creates_first: a replacement creates the new object before it destroys the old one.
        programs: the programs run on the machine of the apply.
    """

    address: str
    type: str
    action: Action
    attributes: tuple[AttributeChange, ...] = ()
    moved_from: str = ""
    reason: str = ""
    imported: str = ""
    creates_first: bool = False
    programs: tuple[str, ...] = ()
    # Digest or marker of each planned value, by path: approvals are bound to them. Empty if only attributes are known.
    planned: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True)
class OutputChange:
    name: str
    action: Action
    before: object
    after: object


@dataclass(frozen=True)
class StackPlan:
    """The plan of one stack.

    Attributes:
        waits_for: the stacks to apply before this one can be planned.
        stateless: the state is missing or holds no resource.
        drifted: differences of reality (`after`) from the state (`before`).
        behind: it waits although it has resources, because it reads outputs about to be added.
        restored: drifted resources restored by recreations in this plan, as a group is with its rule.
        in_state: number of managed resources in the state, as far as the plan tells.
        leaves: fate of a stack missing in the release; empty for the others.
    """

    stack: str
    resources: tuple[ResourceChange, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    waits_for: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    stateless: bool = False
    drifted: tuple[ResourceChange, ...] = ()
    behind: bool = False
    restored: tuple[str, ...] = ()
    providers: tuple[ProviderConfiguration, ...] = ()  # AWS configurations in use; unknown for a plan without changes
    in_state: int = 0
    leaves: Leaves = ""

    @property
    def changes(self) -> bool:
        """Tell if an apply would do anything, even only to outputs. Reads are no changes."""
        return bool(self.outputs) or any(resource.action is not Action.READ for resource in self.resources)


@dataclass(frozen=True)
class Cost:
    """The monthly cost of a plan, as computed by the program of the project. Amounts are exact decimal texts.

    Attributes:
        resources: difference by stack and address, like `web aws_instance.this`.
        unknown: reason if the cost is unknown; all other fields are empty then.
    """

    currency: str = ""
    before: str = ""
    after: str = ""
    difference: str = ""
    resources: Mapping[str, str] = field(default_factory=dict)
    unknown: str = ""


@dataclass(frozen=True)
class EnvironmentPlan:
    """The plan of one environment. `cost` is set if the project names a pricing program and it was called."""

    environment: str
    release: str
    stacks: tuple[StackPlan, ...]
    cost: Cost | None = None

    @property
    def changes(self) -> bool:
        return any(stack.changes or stack.waits_for for stack in self.stacks)


def count_actions(resources: Iterable[ResourceChange]) -> dict[Action, int]:
    """Count the resources by action, in the order of `Action`; reads are left out."""
    counted = Counter(resource.action for resource in resources)
    return {action: counted[action] for action in Action if counted[action] and action is not Action.READ}


def has_created_or_deleted(plans: Iterable[StackPlan]) -> bool:
    """Tell if these plans, once applied, created or deleted objects of a provider: others may then report changes."""
    actions = {Action.CREATE, Action.REPLACE, Action.RENEW, Action.DELETE, Action.INVOKE}
    return any(r.action in actions and r.type != BUILT_IN_TYPE for plan in plans for r in plan.resources)


def format_invocation_address(address: str, event: str, resource: str, prefix: str) -> str:
    """Return the address of an invoked action with its trigger: one action may run more than once.

    `event` is in Terraform's spelling, like `AfterCreate`.
    """
    if not resource:
        return address.removeprefix(prefix)
    when = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in event).replace("_", " ").split()
    return f"{address.removeprefix(prefix)} ({' '.join(when)} of {resource.removeprefix(prefix)})"
