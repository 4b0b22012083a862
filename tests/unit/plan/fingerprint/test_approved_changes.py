"""What is covered by what was approved, case by case."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

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
from envctl.domain.plan.fingerprint import (
    PlanFingerprint,
    PlannedChange,
    decode,
    encode,
    fingerprint_plan,
    list_performed_actions,
    to_plan_outline,
)
from tests.unit.plan.fingerprint.plans import ONE, change, covers, plan, plans

UNKNOWN, SENSITIVE = Marker.UNKNOWN, Marker.SENSITIVE


def creates(**values: object) -> EnvironmentPlan:
    return plan(change(Action.CREATE, **values))


def updates(**values: object) -> EnvironmentPlan:
    return plan(change(Action.UPDATE, **values))


def invokes(**values: object) -> EnvironmentPlan:
    return plan(change(Action.INVOKE, **values))


def updates_at(path: str, after: object, action: Action = Action.UPDATE) -> EnvironmentPlan:
    return plan(
        ResourceChange(
            address="aws_vpc.main", type="aws_vpc", action=action, attributes=(AttributeChange(path, None, after),)
        )
    )


MOVED = replace(change(Action.MOVE), moved_from="aws_vpc.old")
COVERED: dict[str, tuple[EnvironmentPlan, EnvironmentPlan, bool]] = {
    "nothing is covered by anything": (plan(), plan(), True),
    "a replace instead of an update": (plan(ONE), plan(replace(ONE, action=Action.REPLACE)), False),
    "an update instead of a replace": (plan(replace(ONE, action=Action.REPLACE)), plan(ONE), False),
    "the same in another stack": (plan(ONE), plan(ONE, stack="web"), False),
    "a number instead of the same text": (plan(ONE), updates(size="1"), False),
    "true instead of one": (plan(ONE), updates(size=True), False),
    "nothing instead of a value": (plan(ONE), updates(size=None), False),
    "an empty text instead of nothing": (updates(size=None), updates(size=""), False),
    "a list in another order": (updates(zones=["a", "b"]), updates(zones=["b", "a"]), False),
    "a map in another order": (updates(tags={"a": 1, "b": 2}), updates(tags={"b": 2, "a": 1}), True),
    "a move from where it was approved": (plan(MOVED), plan(MOVED), True),
    "a move from elsewhere": (plan(MOVED), plan(replace(MOVED, moved_from="aws_vpc.other")), False),
    "a move together with an update": (plan(ONE), plan(replace(ONE, moved_from="aws_vpc.old")), False),
    "an update alone instead of one with a move": (plan(replace(ONE, moved_from="aws_vpc.old")), plan(ONE), True),
    "one more value of an update": (plan(ONE), updates(size=1, name="x"), False),
    "one value less of an update": (updates(size=1, name="x"), plan(ONE), True),
    "one more value of a creation": (creates(size=1), creates(size=1, name="x"), False),
    "one value less of a creation": (creates(size=1, name="x"), creates(size=1), False),
    "one value less imported": (
        plan(change(Action.IMPORT, size=1, name="x")),
        plan(change(Action.IMPORT, size=1)),
        False,
    ),
    "one value less read": (plan(change(Action.READ, size=1, name="x")), plan(change(Action.READ, size=1)), False),
    "a creation without an unknown value": (creates(size=1, arn=UNKNOWN), creates(size=1), True),
    "a creation without a secret": (creates(size=1, token=SENSITIVE), creates(size=1), False),
    "a creation without a null": (creates(size=1, role=None), creates(size=1), False),
    "an unknown value is known": (creates(arn=UNKNOWN), creates(arn="arn:aws:x"), True),
    "an unknown value is null": (updates(arn=UNKNOWN), updates(arn=None), True),
    "an unknown value is secret": (updates(arn=UNKNOWN), updates(arn=SENSITIVE), True),
    "a known value is unknown": (updates(arn="arn:aws:x"), updates(arn=UNKNOWN), False),
    "the inside of an unknown value is known": (creates(tags=UNKNOWN), creates(tags__Name="x", tags__Team="y"), True),
    "inside of an unknown list": (creates(ingress=UNKNOWN), updates_at("ingress[0].port", 1, Action.CREATE), True),
    "the inside of an unknown item is known": (
        updates_at("ingress[0]", UNKNOWN, Action.CREATE),
        updates_at("ingress[0].port", 1, Action.CREATE),
        True,
    ),
    "another item is known": (updates_at("ingress[0]", UNKNOWN), updates_at("ingress[1].port", 1), False),
    "a longer name than that of an unknown value": (updates(tag=UNKNOWN), updates(tags="x"), False),
    "a shorter name than that of an unknown value": (updates(tags=UNKNOWN), updates(tag="x"), False),
    "the inside of a secret is known": (updates(tags=SENSITIVE), updates(tags__Name="x"), False),
    "the whole where its inside was unknown": (updates(tags__Name=UNKNOWN), updates(tags={"Name": "x"}), False),
    "a secret stays a secret": (updates(token=SENSITIVE), updates(token=SENSITIVE), True),
    "what looks like a secret": (updates(token=SENSITIVE), updates(token="(sensitive)"), False),
    "a secret where something looked like one": (updates(token="(sensitive)"), updates(token=SENSITIVE), False),
    "what looks like an unknown value": (updates(arn="(known after apply)"), updates(arn="x"), False),
    "what looks like the sign of a secret": (updates(token=SENSITIVE), updates(token="*"), False),
    "what looks like the sign for anything": (updates(arn="?"), updates(arn="x"), False),
    "what looks like the sign for nothing": (updates(role=None), updates(role="-"), False),
    "one where none was approved": (plan(), plan(ONE), False),
    "a new one beside the old one instead of a replacement": (
        plan(replace(ONE, action=Action.REPLACE)),
        plan(replace(ONE, action=Action.RENEW)),
        False,
    ),
    "one value less of an action": (invokes(size=1, name="x"), invokes(size=1), False),
    "an action once more": (invokes(size=1), plan(change(Action.INVOKE, size=1), change(Action.INVOKE, size=1)), False),
    "an action invoked twice in another order": (
        plan(change(Action.INVOKE, size=1), change(Action.INVOKE, size=2)),
        plan(change(Action.INVOKE, size=2), change(Action.INVOKE, size=1)),
        True,
    ),
    "a number in another spelling": (updates(size=1), updates(size=Decimal("1.0")), True),
    "a number beyond what a float holds": (
        updates(size=Decimal("0.12345678901234567890")),
        updates(size=Decimal("0.12345678901234567891")),
        False,
    ),
    "an empty block moves": (
        updates(rule={"allow": [{}], "block": []}),
        updates(rule={"allow": [], "block": [{}]}),
        False,
    ),
    "the old one of a replacement": (
        plan(change(Action.DELETE)),
        plan(ResourceChange(address="aws_vpc.main (deposed 1a2b3c4d)", type="aws_vpc", action=Action.DELETE)),
        False,
    ),
}


@pytest.mark.parametrize(("approved", "then", "covered"), COVERED.values(), ids=COVERED.keys())
def test_approved_plan_covers_only_weaker_plans(
    approved: EnvironmentPlan, then: EnvironmentPlan, covered: bool
) -> None:
    assert covers(approved, then) is covered


def test_known_value_is_covered_by_unknown_parent_path() -> None:
    for path in ("a.b[0].c", "a.b[0]", "a.b", "a"):
        assert covers(updates_at(path, UNKNOWN), updates_at("a.b[0].c", "x"))
    for path in ("a.b[0].c.d", "a.b[1]", "a.c", "aX", 'a["b[0]"]', 'a["b[0].c"]'):
        assert not covers(updates_at(path, UNKNOWN), updates_at("a.b[0].c", "x"))
    assert not covers(updates_at("a", UNKNOWN), updates_at("aXb", "x"))
    # A map may have a key that is empty.
    assert covers(updates_at("a", UNKNOWN), updates_at('a[""]', "x"))


def puts_out(after: object, action: Action = Action.UPDATE, name: str = "id") -> EnvironmentPlan:
    return EnvironmentPlan(
        environment="prod",
        release="r1",
        stacks=(StackPlan("network", outputs=(OutputChange(name, action, None, after),)),),
    )


OUTPUTS: dict[str, tuple[EnvironmentPlan, EnvironmentPlan, bool]] = {
    "the same": (puts_out("a"), puts_out("a"), True),
    "none": (puts_out("a"), plan(), True),
    "one where none was approved": (plan(ONE), puts_out("a"), False),
    "another value": (puts_out("a"), puts_out("b"), False),
    "another name": (puts_out("a"), puts_out("a", name="url"), False),
    "another value inside": (puts_out({"a": [1]}), puts_out({"a": [2]}), False),
    "one value more": (puts_out({"a": 1}), puts_out({"a": 1, "b": 2}), False),
    "one value less": (puts_out({"a": 1, "b": 2}), puts_out({"a": 1}), False),
    "empty instead of nothing": (puts_out(None), puts_out({}), False),
    "what was to be found out is known": (puts_out(Marker.UNKNOWN), puts_out({"a": [1]}), True),
    "a part that was to be found out is known": (puts_out({"a": Marker.UNKNOWN}), puts_out({"a": [1]}), True),
    "what was known is to be found out": (puts_out("a"), puts_out(Marker.UNKNOWN), False),
    "a secret stays a secret": (puts_out(Marker.SENSITIVE), puts_out(Marker.SENSITIVE), True),
    "a secret is told": (puts_out(Marker.SENSITIVE), puts_out("a"), False),
    "put out a second time": (puts_out("a", Action.CREATE), puts_out("a", Action.UPDATE), True),
    "put out for the first time": (puts_out("a", Action.UPDATE), puts_out("a", Action.CREATE), True),
    "gone instead of another value": (puts_out("a"), puts_out(None, Action.DELETE), False),
    "another value instead of gone": (puts_out(None, Action.DELETE), puts_out("a"), False),
    "a resource of that name": (puts_out("a"), plan(replace(ONE, address="output id", type="")), False),
}


@pytest.mark.parametrize(("approved", "then", "covered"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_approved_plan_covers_outputs(approved: EnvironmentPlan, then: EnvironmentPlan, covered: bool) -> None:
    assert covers(approved, then) is covered


def test_older_fingerprint_version_is_shown_but_covers_nothing() -> None:
    earlier = PlanFingerprint(fingerprint_plan(plan(ONE)).changes, 1)
    kept = decode(encode(earlier))
    assert kept == earlier
    assert to_plan_outline(kept, "prod", "r1") == to_plan_outline(fingerprint_plan(plan(ONE)), "prod", "r1")
    assert find_unapproved_changes(fingerprint_plan(plan(ONE)), kept) == fingerprint_plan(plan(ONE)).changes
    assert kept.digest != fingerprint_plan(plan(ONE)).digest


def test_unknown_sensitive_value_covers_sensitive_value() -> None:
    def one(sign: str, action: str = "update") -> PlanFingerprint:
        return PlanFingerprint((PlannedChange("network", "aws_vpc.main", "aws_vpc", action, {'["token"]': sign}),))

    assert not find_unapproved_changes(one("*"), one("*?"))
    assert find_unapproved_changes(one("*?"), one("*"))
    assert find_unapproved_changes(one("x"), one("*?"))
    nothing = PlanFingerprint((PlannedChange("network", "aws_vpc.main", "aws_vpc", "create"),))
    assert not find_unapproved_changes(nothing, one("*?", "create"))
    assert find_unapproved_changes(nothing, one("*", "create"))


WAITING = EnvironmentPlan(
    environment="prod",
    release="r1",
    stacks=(StackPlan("network", resources=(ONE,)), StackPlan("web", waits_for=("network",))),
)


@pytest.mark.parametrize("action", [action for action in Action if action not in {Action.CREATE, Action.READ}])
def test_waiting_stack_covers_creates_and_reads_only(action: Action) -> None:
    def then(of: Action) -> EnvironmentPlan:
        return EnvironmentPlan(
            environment="prod",
            release="r1",
            stacks=(StackPlan("web", resources=(change(of, "aws_eip.out", name="x"),)),),
        )

    assert covers(WAITING, then(Action.CREATE))
    assert covers(WAITING, then(Action.READ))
    assert not covers(WAITING, then(action))


@pytest.mark.parametrize("unseen", [(), ("network",), ("we",)])
@pytest.mark.parametrize("action", Action)
def test_unnamed_unseen_stack_is_not_covered(action: Action, unseen: tuple[str, ...]) -> None:
    then = EnvironmentPlan(
        environment="prod",
        release="r1",
        stacks=(StackPlan("web", resources=(change(action, "aws_eip.out", name="x"),)),),
    )
    (beyond,) = find_unapproved_changes(fingerprint_plan(then), fingerprint_plan(WAITING), unseen)
    assert (beyond.stack, beyond.action) == ("web", action)


def test_still_waiting_stack_is_covered_without_name() -> None:
    assert not find_unapproved_changes(fingerprint_plan(WAITING), fingerprint_plan(WAITING))


def test_name_of_planned_stack_covers_nothing() -> None:
    then = plan(change(Action.CREATE, "aws_eip.out"), stack="network")
    assert find_unapproved_changes(fingerprint_plan(then), fingerprint_plan(WAITING), ("network", "web"))


def test_waiting_stack_covers_only_itself() -> None:
    created = change(Action.CREATE, "aws_eip.out")
    assert covers(WAITING, plan(created, stack="web"))
    assert not covers(WAITING, plan(created, stack="network"))
    assert not covers(
        WAITING, EnvironmentPlan(environment="prod", release="r1", stacks=(StackPlan("data", waits_for=("network",)),))
    )
    assert not covers(plan(created, stack="web"), WAITING)


def test_deployed_waiting_stack_covers_no_unseen_change() -> None:
    behind = StackPlan("web", waits_for=("network",), behind=True)
    waits = EnvironmentPlan(environment="prod", release="r1", stacks=(StackPlan("network", resources=(ONE,)), behind))
    assert covers(waits, waits)
    assert not covers(waits, plan(change(Action.CREATE, "aws_eip.out"), stack="web"))
    assert not covers(waits, WAITING)
    assert not covers(WAITING, waits)
    kept = fingerprint_plan(waits)
    assert [each.description for each in kept.changes] == ["update network: aws_vpc.main", "web (planned later)"]
    assert decode(encode(kept)) == kept
    assert to_plan_outline(kept, "prod", "r1").stacks[1] == replace(behind, waits_for=("the data it reads",))


def test_change_describes_itself() -> None:
    created, waits = fingerprint_plan(
        EnvironmentPlan(environment="prod", release="r1", stacks=(*plan(ONE).stacks, WAITING.stacks[1]))
    ).changes
    assert created.description == "update network: aws_vpc.main"
    assert (waits.description, waits) == ("web (planned later)", PlannedChange("web", "", "", "wait"))


def test_stored_fingerprint_is_shown_without_values() -> None:
    of = EnvironmentPlan(
        environment="prod",
        release="r1",
        stacks=(
            StackPlan(
                "network", resources=(change(Action.CREATE, "aws_vpc.a", size=1), change(Action.DELETE, "aws_eip.b"))
            ),
            StackPlan("data", resources=(change(Action.UPDATE, "aws_eip.c"),)),
            StackPlan("web", waits_for=("network", "data")),
        ),
    )
    assert to_plan_outline(fingerprint_plan(of), "staging", "r2") == EnvironmentPlan(
        environment="staging",
        release="r2",
        stacks=(
            StackPlan("data", resources=(change(Action.UPDATE, "aws_eip.c"),)),
            StackPlan("network", resources=(change(Action.DELETE, "aws_eip.b"), change(Action.CREATE, "aws_vpc.a"))),
            StackPlan("web", waits_for=("the data it reads",)),
        ),
    )
    assert to_plan_outline(PlanFingerprint(), "prod", "r1") == EnvironmentPlan(
        environment="prod", release="r1", stacks=()
    )


@given(plans())
def test_shown_outline_equals_stored_fingerprint(of: EnvironmentPlan) -> None:
    kept = fingerprint_plan(of)
    seen = fingerprint_plan(to_plan_outline(kept, "prod", "r1"))
    assert [replace(each, values={}) for each in seen.changes] == [replace(each, values={}) for each in kept.changes]


PERFORMED: Mapping[str, tuple[list[StackPlan], tuple[str, ...]]] = {
    "nothing": ([StackPlan("network")], ()),
    "each action on each type once, in order": (
        [
            StackPlan("web", resources=(change(Action.UPDATE, "aws_eip.a"), change(Action.UPDATE, "aws_eip.b"))),
            StackPlan("network", resources=(change(Action.DELETE, "aws_eip.c"), change(Action.CREATE, "aws_vpc.main"))),
        ],
        ("create aws_vpc", "delete aws_eip", "update aws_eip"),
    ),
    "what is forgotten as a whole is not": (
        [StackPlan("network", resources=(change(Action.FORGET),), leaves="forget")],
        (),
    ),
    "leaving is destroyed": (
        [StackPlan("network", resources=(change(Action.DELETE),), leaves="destroy")],
        ("delete aws_vpc",),
    ),
    "what is read is not done": ([StackPlan("network", resources=(change(Action.READ),))], ()),
    "all else is": (
        [StackPlan("network", resources=tuple(change(action) for action in Action))],
        (
            "create aws_vpc",
            "delete aws_vpc",
            "forget aws_vpc",
            "import aws_vpc",
            "invoke aws_vpc",
            "move aws_vpc",
            "renew aws_vpc",
            "replace aws_vpc",
            "update aws_vpc",
        ),
    ),
}


@pytest.mark.parametrize(("of", "done"), PERFORMED.values(), ids=PERFORMED.keys())
def test_performed_actions_are_listed_by_type(of: list[StackPlan], done: tuple[str, ...]) -> None:
    assert list_performed_actions(of) == done
