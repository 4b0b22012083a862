"""Plans to approve: told, or random."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    EnvironmentPlan,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.domain.plan.fingerprint import fingerprint_plan

WHOLE = (Action.CREATE, Action.IMPORT, Action.READ, Action.INVOKE)
PUT_OUT = (Action.CREATE, Action.UPDATE, Action.DELETE)
PARTLY = tuple(action for action in Action if action not in WHOLE)

known = st.recursive(
    st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)
values = st.one_of(known, known, st.none(), st.sampled_from(Marker))
paths = st.sampled_from(["cidr", "name", "tags.Name", "tags.Team", "ingress[0].from_port", "ingress[1].from_port"])


@st.composite
def resources(draw: st.DrawFn, address: str, actions: st.SearchStrategy[Action]) -> ResourceChange:
    names = draw(st.lists(paths, max_size=3, unique=True))
    attributes = tuple(AttributeChange(path, draw(values), draw(values), draw(st.booleans())) for path in names)
    return ResourceChange(address=address, type=address.partition(".")[0], action=draw(actions), attributes=attributes)


addresses = st.sampled_from(["aws_vpc.main", "aws_subnet.a[0]", "aws_subnet.a[1]", 'aws_eip.out["x"]', "aws_eip.in"])


@st.composite
def stacks(draw: st.DrawFn, name: str, waiting: bool, actions: st.SearchStrategy[Action]) -> StackPlan:
    if waiting and draw(st.booleans()):
        return StackPlan(name, waits_for=("network",))
    there = draw(st.lists(addresses, max_size=4, unique=True))
    put_out = draw(st.lists(st.sampled_from(["id", "url"]), max_size=2, unique=True))
    outputs = tuple(OutputChange(each, draw(st.sampled_from(PUT_OUT)), draw(values), draw(values)) for each in put_out)
    return StackPlan(name, resources=tuple(draw(resources(address, actions)) for address in there), outputs=outputs)


anything = st.sampled_from(Action)


@st.composite
def plans(draw: st.DrawFn, waiting: bool = True, actions: st.SearchStrategy[Action] = anything) -> EnvironmentPlan:
    names = draw(st.lists(st.sampled_from(["network", "web", "data"]), max_size=3, unique=True))
    return EnvironmentPlan(
        environment="prod", release="r1", stacks=tuple(draw(stacks(name, waiting, actions)) for name in names)
    )


filled = plans(waiting=False).filter(lambda plan: any(stack.resources for stack in plan.stacks))


def plan(*changed: ResourceChange, stack: str = "network") -> EnvironmentPlan:
    return EnvironmentPlan(environment="prod", release="r1", stacks=(StackPlan(stack, resources=changed),))


def change(action: Action, address: str = "aws_vpc.main", /, **after: object) -> ResourceChange:
    attributes = tuple(AttributeChange(path.replace("__", "."), None, value) for path, value in after.items())
    return ResourceChange(address=address, type=address.partition(".")[0], action=action, attributes=attributes)


def covers(approved: EnvironmentPlan, then: EnvironmentPlan) -> bool:
    """Where who approved has named every stack that waits."""
    waiting = [stack.stack for stack in approved.stacks if stack.waits_for]
    return not find_unapproved_changes(fingerprint_plan(then), fingerprint_plan(approved), waiting)


def edited(of: EnvironmentPlan, data: st.DataObject, edit: Any) -> tuple[EnvironmentPlan, str, str]:
    """One of its resources is otherwise: the plan then, and where."""
    stack = data.draw(st.sampled_from([stack for stack in of.stacks if stack.resources]))
    at = data.draw(st.integers(0, len(stack.resources) - 1))
    resource = edit(stack.resources[at])
    changed = (*stack.resources[:at], resource, *stack.resources[at + 1 :])
    then = tuple(replace(each, resources=changed) if each is stack else each for each in of.stacks)
    return replace(of, stacks=then), stack.stack, resource.address


@st.composite
def weaker(draw: st.DrawFn, of: EnvironmentPlan) -> EnvironmentPlan:
    """Some of it has happened, and of what was to be found out some is known."""

    def found_out(attribute: AttributeChange) -> AttributeChange:
        if attribute.after is not Marker.UNKNOWN or draw(st.booleans()):
            return attribute
        return replace(attribute, path=attribute.path + draw(st.sampled_from(["", ".x", "[0]"])), after=draw(values))

    def rest(resource: ResourceChange) -> ResourceChange:
        left = resource.attributes
        if resource.action in PARTLY:
            left = tuple(attribute for attribute in left if draw(st.booleans()))
        return replace(resource, attributes=tuple(map(found_out, left)))

    def planned(stack: StackPlan) -> StackPlan:
        if draw(st.booleans()) and stack.waits_for:
            return replace(draw(stacks(stack.stack, False, st.just(Action.CREATE))), outputs=())
        left = tuple(rest(each) for each in stack.resources if draw(st.booleans()))
        return replace(stack, resources=left, outputs=tuple(each for each in stack.outputs if draw(st.booleans())))

    return replace(of, stacks=tuple(map(planned, of.stacks)))


ONE = change(Action.UPDATE, size=1)
