"""What a plan means: resources, actions, values before and after. Sensitive values never enter these types."""

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
    # A new object is made, and the old one is left where it is: Terraform forgets it.
    RENEW = "renew"
    # An action of a provider runs. What it does, the provider alone knows.
    INVOKE = "invoke"


class Marker(StrEnum):
    """Stands in place of a value that can't or must not be shown."""

    SENSITIVE = "(sensitive)"
    UNKNOWN = "(known after apply)"


# Terraform's own resource, which is in the state and nowhere else.
BUILT_IN = "terraform_data"


def same(one: object, other: object) -> bool:
    """Whether two values, or what holds some, are one to Terraform. Python takes true for 1, and what has no type of
    its own, such as an output, can turn from one into the other.
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if is_dataclass(one) and type(one) is type(other):
        return all(same(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return one == other and isinstance(one, bool) == isinstance(other, bool)


@dataclass(frozen=True)
class AttributeChange:
    """`path` is what a person would write, like `tags.Name` or `ingress[0].from_port`; None stands for absent."""

    path: str
    before: object
    after: object
    forces_replacement: bool = False


@dataclass(frozen=True)
class ResourceChange:
    """`attributes` are what a person reads. `planned` is what an apply could tell, and what an approval is bound to:
    a digest or a sign by its place; it is empty where only the attributes are known.

    `imported` says which object is imported, `creates_first` that a replacement makes the new one before the old one
    goes, and `programs` what is run on the machine of whoever applies. An action that is invoked is a change too.
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
    planned: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True)
class OutputChange:
    name: str
    action: Action
    before: object
    after: object


@dataclass(frozen=True)
class StackPlan:
    """The plan of one stack. `waits_for` names the stacks that must be applied before it can be planned at all:
    nothing of it is there yet, unless it is `behind`, and reads what those are only about to put out.

    `stateless` says that its state holds no resource, or is not there, and `in_state` how many managed resources it
    holds, as far as the plan tells. `drifted` is what the plan found otherwise than the state says: there, `before` is
    what the state says, and `after` what is there. `restored` names what has drifted in attributes alone that come back
    with what the plan makes anew beside it, as a group's with its rule. `providers`
    are the configurations of AWS providers that it works with; none are known of a plan without changes.

    `leaves` is what becomes of a stack that the release has no more; empty for those that it has.
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
    providers: tuple[ProviderConfiguration, ...] = ()
    in_state: int = 0
    leaves: Leaves = ""

    @property
    def changes(self) -> bool:
        """Whether applying it would do anything, be it only to an output. What is only read is no change."""
        return bool(self.outputs) or any(resource.action is not Action.READ for resource in self.resources)


@dataclass(frozen=True)
class Cost:
    """What a plan costs a month, as the project's own program says: `before` it is applied, `after` it, and the
    `difference`. `resources` tells by how much each becomes dearer, by its stack and its address, like
    `web aws_instance.this`. Amounts are exact, and so texts.

    `unknown` says why nobody knows; everything else is empty then.
    """

    currency: str = ""
    before: str = ""
    after: str = ""
    difference: str = ""
    resources: Mapping[str, str] = field(default_factory=dict)
    unknown: str = ""


@dataclass(frozen=True)
class EnvironmentPlan:
    """`cost` is there where the project names a program that knows prices, and that was asked."""

    environment: str
    release: str
    stacks: tuple[StackPlan, ...]
    cost: Cost | None = None

    @property
    def changes(self) -> bool:
        return any(stack.changes or stack.waits_for for stack in self.stacks)


def count(resources: Iterable[ResourceChange]) -> dict[Action, int]:
    """How many resources each action touches, in the order of `Action`. A data source that is read touches nothing."""
    counted = Counter(resource.action for resource in resources)
    return {action: counted[action] for action in Action if counted[action] and action is not Action.READ}


def unsettled(plans: Iterable[StackPlan]) -> bool:
    """Whether applying them made or took away something that a provider looks after: other resources may tell of it."""
    made = {Action.CREATE, Action.REPLACE, Action.RENEW, Action.DELETE, Action.INVOKE}
    return any(r.action in made and r.type != BUILT_IN for plan in plans for r in plan.resources)


def touched(plans: Iterable[StackPlan]) -> int:
    return sum(sum(count(plan.resources).values()) for plan in plans)


def invocation_address(address: str, event: str, resource: str, prefix: str) -> str:
    """Of an action that is invoked, with what makes it run: the same action may run more than once. `event` is how
    Terraform spells it, like `AfterCreate`.
    """
    if not resource:
        return address.removeprefix(prefix)
    when = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in event).replace("_", " ").split()
    return f"{address.removeprefix(prefix)} ({' '.join(when)} of {resource.removeprefix(prefix)})"
