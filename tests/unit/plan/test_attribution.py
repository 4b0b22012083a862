"""Which cause a change has, from the plans that were made in between."""

from typing import cast

import pytest

from envctl.domain.plan.attribution import Cause, Part, split_by_cause
from envctl.domain.plan.changes import Action, AttributeChange, Marker, OutputChange, ResourceChange, StackPlan

DRIFTED = (
    ResourceChange(
        address="x.a", type="x", action=Action.UPDATE, attributes=(AttributeChange("tag", "ours", "theirs"),)
    ),
)


def update(*attributes: tuple[str, object], address: str = "x.a", action: Action = Action.UPDATE) -> ResourceChange:
    return ResourceChange(
        address=address,
        type="x",
        action=action,
        attributes=tuple(AttributeChange(path, "old", after) for path, after in attributes),
    )


def stack(*resources: ResourceChange, drifted: tuple[ResourceChange, ...] = (), output: object = None) -> StackPlan:
    outputs = (OutputChange("n", Action.UPDATE, "old", output),) if output is not None else ()
    return StackPlan("web", resources=resources, outputs=outputs, drifted=drifted)


def named(resource: ResourceChange) -> str:
    return f"{resource.action} {resource.address} {','.join(a.path for a in resource.attributes)}".strip()


def told(parts: tuple[Part, ...]) -> dict[Cause, list[str]]:
    return {
        part.cause: [
            *(named(resource) for piece in part.stacks for resource in piece.resources),
            *(f"output {output.name}" for piece in part.stacks for output in piece.outputs),
        ]
        for part in parts
    }


NOTHING = stack()
Expected = dict[Cause, list[str]]
Case = tuple[StackPlan, dict[Cause, list[StackPlan]], Expected]


def case(plan: StackPlan, expected: Expected, **between: list[StackPlan]) -> Case:
    return plan, cast("dict[Cause, list[StackPlan]]", between), expected


CASES = {
    "without anything to compare with all is the release": case(
        stack(update(("a", 1)), output=2), {"release": ["update x.a a", "output n"]}
    ),
    "what comes with the new settings": case(
        stack(update(("a", 1)), output=2),
        {"settings": ["update x.a a", "output n"]},
        drift=[NOTHING],
        settings=[stack(update(("a", 1)), output=2)],
    ),
    "true comes with the new code where the new settings alone give one": case(
        stack(update(("a", True)), output=[True]),
        {"release": ["update x.a a", "output n"]},
        drift=[NOTHING],
        settings=[stack(update(("a", 1)), output=[1])],
    ),
    "new code": case(stack(update(("a", 1))), {"release": ["update x.a a"]}, drift=[NOTHING], settings=[NOTHING]),
    "what undoes drift": case(
        stack(update(("tag", "ours")), drifted=DRIFTED),
        {"drift": ["update x.a tag"]},
        drift=[stack(update(("tag", "ours")), drifted=DRIFTED)],
    ),
    "what is planned without a reason that is known": case(
        stack(update(("ami", "new"))), {"other": ["update x.a ami"]}, drift=[stack(update(("ami", "new")))]
    ),
    "a resource with all causes is split up by attribute": case(
        stack(update(("code", 1), ("size", 2), ("tag", "ours")), drifted=DRIFTED),
        {"release": ["update x.a code"], "settings": ["update x.a size"], "drift": ["update x.a tag"]},
        drift=[stack(update(("tag", "ours")), drifted=DRIFTED)],
        settings=[stack(update(("tag", "ours"), ("size", 2)), drifted=DRIFTED)],
    ),
    "another value than in between is of what came last": case(
        stack(update(("size", 3))), {"release": ["update x.a size"]}, settings=[stack(update(("size", 2)))]
    ),
    "a replacement is of what each attribute is of": case(
        stack(update(("a", 1), ("id", Marker.UNKNOWN), action=Action.REPLACE)),
        {"release": ["replace x.a id"], "settings": ["replace x.a a"]},
        drift=[NOTHING],
        settings=[stack(update(("a", 1)))],
    ),
    "a resource that somebody deleted comes back, with values that are others by now": case(
        stack(update(("a", 2), action=Action.CREATE), drifted=DRIFTED),
        {"drift": ["create x.a a"]},
        drift=[stack(update(("a", 1), action=Action.CREATE), drifted=DRIFTED)],
        settings=[NOTHING],
    ),
    "a resource that goes with the code": case(
        stack(ResourceChange(address="x.a", type="x", action=Action.DELETE)),
        {"release": ["delete x.a"]},
        drift=[NOTHING],
        settings=[NOTHING],
    ),
    "a stack that the old release did not have": case(
        stack(update(("a", 1), action=Action.CREATE)), {"release": ["create x.a a"]}, drift=[], settings=[]
    ),
}


@pytest.mark.parametrize(("plan", "between", "expected"), CASES.values(), ids=CASES.keys())
def test_each_change_has_its_cause(plan: StackPlan, between: dict[Cause, list[StackPlan]], expected: Expected) -> None:
    assert told(split_by_cause([plan], between)) == expected


@pytest.mark.parametrize(("plan", "between", "expected"), CASES.values(), ids=CASES.keys())
def test_every_change_is_told_once(plan: StackPlan, between: dict[Cause, list[StackPlan]], expected: Expected) -> None:
    parts = split_by_cause([plan], between)
    shown = [
        (resource.address, attribute.path)
        for part in parts
        for piece in part.stacks
        for resource in piece.resources
        for attribute in resource.attributes or (AttributeChange("", None, None),)
    ]
    planned = [
        (resource.address, attribute.path)
        for resource in plan.resources
        for attribute in resource.attributes or (AttributeChange("", None, None),)
    ]
    assert sorted(shown) == sorted(planned)
    assert [o for part in parts for piece in part.stacks for o in piece.outputs] == list(plan.outputs)
