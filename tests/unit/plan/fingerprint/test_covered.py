"""What is covered by what was approved, case by case."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given

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
    find_unapproved_changes,
    fingerprint_plan,
    list_performed_actions,
    to_plan_outline,
)
from tests.unit.plan.fingerprint.plans import ONE, change, covers, plan, plans

MOVED = replace(change(Action.MOVE), moved_from="aws_vpc.old")
COVERED: dict[str, tuple[EnvironmentPlan, EnvironmentPlan, bool]] = {
    "nothing is covered by anything": (plan(), plan(), True),
    "a replace instead of an update": (plan(ONE), plan(replace(ONE, action=Action.REPLACE)), False),
    "an update instead of a replace": (plan(replace(ONE, action=Action.REPLACE)), plan(ONE), False),
    "the same in another stack": (plan(ONE), plan(ONE, stack="web"), False),
    "a number instead of the same text": (plan(ONE), plan(change(Action.UPDATE, size="1")), False),
    "true instead of one": (plan(ONE), plan(change(Action.UPDATE, size=True)), False),
    "nothing instead of a value": (plan(ONE), plan(change(Action.UPDATE, size=None)), False),
    "an empty text instead of nothing": (
        plan(change(Action.UPDATE, size=None)),
        plan(change(Action.UPDATE, size="")),
        False,
    ),
    "a list in another order": (
        plan(change(Action.UPDATE, zones=["a", "b"])),
        plan(change(Action.UPDATE, zones=["b", "a"])),
        False,
    ),
    "a map in another order": (
        plan(change(Action.UPDATE, tags={"a": 1, "b": 2})),
        plan(change(Action.UPDATE, tags={"b": 2, "a": 1})),
        True,
    ),
    "a move from where it was approved": (plan(MOVED), plan(MOVED), True),
    "a move from elsewhere": (plan(MOVED), plan(replace(MOVED, moved_from="aws_vpc.other")), False),
    "a move together with an update": (plan(ONE), plan(replace(ONE, moved_from="aws_vpc.old")), False),
    "an update alone instead of one with a move": (plan(replace(ONE, moved_from="aws_vpc.old")), plan(ONE), True),
    "one more value of an update": (plan(ONE), plan(change(Action.UPDATE, size=1, name="x")), False),
    "one value less of an update": (plan(change(Action.UPDATE, size=1, name="x")), plan(ONE), True),
    "one more value of a creation": (
        plan(change(Action.CREATE, size=1)),
        plan(change(Action.CREATE, size=1, name="x")),
        False,
    ),
    "one value less of a creation": (
        plan(change(Action.CREATE, size=1, name="x")),
        plan(change(Action.CREATE, size=1)),
        False,
    ),
    "one value less of an import": (
        plan(change(Action.IMPORT, size=1, name="x")),
        plan(change(Action.IMPORT, size=1)),
        False,
    ),
    "one value less of something that is read": (
        plan(change(Action.READ, size=1, name="x")),
        plan(change(Action.READ, size=1)),
        False,
    ),
    "a creation without what was to be found out": (
        plan(change(Action.CREATE, size=1, arn=Marker.UNKNOWN)),
        plan(change(Action.CREATE, size=1)),
        True,
    ),
    "a creation without what was to be kept secret": (
        plan(change(Action.CREATE, size=1, token=Marker.SENSITIVE)),
        plan(change(Action.CREATE, size=1)),
        False,
    ),
    "a creation without what was to be nothing": (
        plan(change(Action.CREATE, size=1, role=None)),
        plan(change(Action.CREATE, size=1)),
        False,
    ),
    "what was to be found out is known": (
        plan(change(Action.CREATE, arn=Marker.UNKNOWN)),
        plan(change(Action.CREATE, arn="arn:aws:x")),
        True,
    ),
    "what was to be found out is nothing": (
        plan(change(Action.UPDATE, arn=Marker.UNKNOWN)),
        plan(change(Action.UPDATE, arn=None)),
        True,
    ),
    "what was to be found out is secret": (
        plan(change(Action.UPDATE, arn=Marker.UNKNOWN)),
        plan(change(Action.UPDATE, arn=Marker.SENSITIVE)),
        True,
    ),
    "what was known is to be found out": (
        plan(change(Action.UPDATE, arn="arn:aws:x")),
        plan(change(Action.UPDATE, arn=Marker.UNKNOWN)),
        False,
    ),
    "the inside of what was to be found out is known": (
        plan(change(Action.CREATE, tags=Marker.UNKNOWN)),
        plan(change(Action.CREATE, tags__Name="x", tags__Team="y")),
        True,
    ),
    "the inside of a list that was to be found out is known": (
        plan(change(Action.CREATE, ingress=Marker.UNKNOWN)),
        plan(ResourceChange("aws_vpc.main", "aws_vpc", Action.CREATE, (AttributeChange("ingress[0].port", None, 1),))),
        True,
    ),
    "the inside of one item that was to be found out is known": (
        plan(
            ResourceChange(
                "aws_vpc.main", "aws_vpc", Action.CREATE, (AttributeChange("ingress[0]", None, Marker.UNKNOWN),)
            )
        ),
        plan(ResourceChange("aws_vpc.main", "aws_vpc", Action.CREATE, (AttributeChange("ingress[0].port", None, 1),))),
        True,
    ),
    "another item is known": (
        plan(
            ResourceChange(
                "aws_vpc.main", "aws_vpc", Action.UPDATE, (AttributeChange("ingress[0]", None, Marker.UNKNOWN),)
            )
        ),
        plan(ResourceChange("aws_vpc.main", "aws_vpc", Action.UPDATE, (AttributeChange("ingress[1].port", None, 1),))),
        False,
    ),
    "a name that only begins like what was to be found out": (
        plan(change(Action.UPDATE, tag=Marker.UNKNOWN)),
        plan(change(Action.UPDATE, tags="x")),
        False,
    ),
    "a name without its last letter": (
        plan(change(Action.UPDATE, tags=Marker.UNKNOWN)),
        plan(change(Action.UPDATE, tag="x")),
        False,
    ),
    "the inside of what was secret is known": (
        plan(change(Action.UPDATE, tags=Marker.SENSITIVE)),
        plan(change(Action.UPDATE, tags__Name="x")),
        False,
    ),
    "the whole where only its inside was to be found out": (
        plan(change(Action.UPDATE, tags__Name=Marker.UNKNOWN)),
        plan(change(Action.UPDATE, tags={"Name": "x"})),
        False,
    ),
    "a secret stays a secret": (
        plan(change(Action.UPDATE, token=Marker.SENSITIVE)),
        plan(change(Action.UPDATE, token=Marker.SENSITIVE)),
        True,
    ),
    "what looks like a secret is none": (
        plan(change(Action.UPDATE, token=Marker.SENSITIVE)),
        plan(change(Action.UPDATE, token="(sensitive)")),
        False,
    ),
    "a secret is not what looks like it": (
        plan(change(Action.UPDATE, token="(sensitive)")),
        plan(change(Action.UPDATE, token=Marker.SENSITIVE)),
        False,
    ),
    "what looks like something to be found out is not": (
        plan(change(Action.UPDATE, arn="(known after apply)")),
        plan(change(Action.UPDATE, arn="x")),
        False,
    ),
    "what looks like the sign of a secret is none": (
        plan(change(Action.UPDATE, token=Marker.SENSITIVE)),
        plan(change(Action.UPDATE, token="*")),
        False,
    ),
    "what looks like the sign for anything is none": (
        plan(change(Action.UPDATE, arn="?")),
        plan(change(Action.UPDATE, arn="x")),
        False,
    ),
    "what looks like the sign for nothing is none": (
        plan(change(Action.UPDATE, role=None)),
        plan(change(Action.UPDATE, role="-")),
        False,
    ),
    "one where none was approved": (plan(), plan(ONE), False),
    "a new one beside an old one that stays instead of a replacement": (
        plan(replace(ONE, action=Action.REPLACE)),
        plan(replace(ONE, action=Action.RENEW)),
        False,
    ),
    "one value less of an action": (
        plan(change(Action.INVOKE, size=1, name="x")),
        plan(change(Action.INVOKE, size=1)),
        False,
    ),
    "an action that is invoked once more": (
        plan(change(Action.INVOKE, size=1)),
        plan(change(Action.INVOKE, size=1), change(Action.INVOKE, size=1)),
        False,
    ),
    "an action that is invoked twice with other values": (
        plan(change(Action.INVOKE, size=1), change(Action.INVOKE, size=2)),
        plan(change(Action.INVOKE, size=2), change(Action.INVOKE, size=1)),
        True,
    ),
    "a number in another spelling": (
        plan(change(Action.UPDATE, size=1)),
        plan(change(Action.UPDATE, size=Decimal("1.0"))),
        True,
    ),
    "a number that differs behind what a float holds": (
        plan(change(Action.UPDATE, size=Decimal("0.12345678901234567890"))),
        plan(change(Action.UPDATE, size=Decimal("0.12345678901234567891"))),
        False,
    ),
    "an empty block in place of another": (
        plan(change(Action.UPDATE, rule={"allow": [{}], "block": []})),
        plan(change(Action.UPDATE, rule={"allow": [], "block": [{}]})),
        False,
    ),
    "the old one of a replacement is another resource": (
        plan(change(Action.DELETE)),
        plan(ResourceChange("aws_vpc.main (deposed 1a2b3c4d)", "aws_vpc", Action.DELETE)),
        False,
    ),
}


@pytest.mark.parametrize(("approved", "then", "covered"), COVERED.values(), ids=COVERED.keys())
def test_approved_plan_covers(approved: EnvironmentPlan, then: EnvironmentPlan, covered: bool) -> None:
    assert covers(approved, then) is covered


def test_known_value_is_covered_by_unknown_parent_path() -> None:
    def one(path: str, after: object) -> EnvironmentPlan:
        attribute = AttributeChange(path, None, after)
        return plan(ResourceChange("aws_vpc.main", "aws_vpc", Action.UPDATE, (attribute,)))

    for path in ("a.b[0].c", "a.b[0]", "a.b", "a"):
        assert covers(one(path, Marker.UNKNOWN), one("a.b[0].c", "x"))
    for path in ("a.b[0].c.d", "a.b[1]", "a.c", "aX", 'a["b[0]"]', 'a["b[0].c"]'):
        assert not covers(one(path, Marker.UNKNOWN), one("a.b[0].c", "x"))
    assert not covers(one("a", Marker.UNKNOWN), one("aXb", "x"))
    # A map may have a key that is empty.
    assert covers(one("a", Marker.UNKNOWN), one('a[""]', "x"))


def puts_out(after: object, action: Action = Action.UPDATE, name: str = "id") -> EnvironmentPlan:
    return EnvironmentPlan("prod", "r1", (StackPlan("network", outputs=(OutputChange(name, action, None, after),)),))


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


WAITING = EnvironmentPlan("prod", "r1", (StackPlan("network", (ONE,)), StackPlan("web", waits_for=("network",))))


@pytest.mark.parametrize("action", [action for action in Action if action not in {Action.CREATE, Action.READ}])
def test_waiting_stack_covers_creates_and_reads_only(action: Action) -> None:
    def then(of: Action) -> EnvironmentPlan:
        return EnvironmentPlan("prod", "r1", (StackPlan("web", (change(of, "aws_eip.out", name="x"),)),))

    assert covers(WAITING, then(Action.CREATE))
    assert covers(WAITING, then(Action.READ))
    assert not covers(WAITING, then(action))


@pytest.mark.parametrize("unseen", [(), ("network",), ("we",)])
@pytest.mark.parametrize("action", Action)
def test_unnamed_unseen_stack_is_not_covered(action: Action, unseen: tuple[str, ...]) -> None:
    then = EnvironmentPlan("prod", "r1", (StackPlan("web", (change(action, "aws_eip.out", name="x"),)),))
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
    assert not covers(WAITING, EnvironmentPlan("prod", "r1", (StackPlan("data", waits_for=("network",)),)))
    assert not covers(plan(created, stack="web"), WAITING)


def test_deployed_waiting_stack_covers_no_unseen_change() -> None:
    behind = StackPlan("web", waits_for=("network",), behind=True)
    waits = EnvironmentPlan("prod", "r1", (StackPlan("network", (ONE,)), behind))
    assert covers(waits, waits)
    assert not covers(waits, plan(change(Action.CREATE, "aws_eip.out"), stack="web"))
    assert not covers(waits, WAITING)
    assert not covers(WAITING, waits)
    kept = fingerprint_plan(waits)
    assert [each.description for each in kept.changes] == ["update network: aws_vpc.main", "web (planned later)"]
    assert decode(encode(kept)) == kept
    assert to_plan_outline(kept, "prod", "r1").stacks[1] == replace(behind, waits_for=("what it reads",))


def test_change_describes_itself() -> None:
    created, waits = fingerprint_plan(EnvironmentPlan("prod", "r1", (*plan(ONE).stacks, WAITING.stacks[1]))).changes
    assert created.description == "update network: aws_vpc.main"
    assert waits.description == "web (planned later)"
    assert waits == PlannedChange("web", "", "", "wait")


def test_stored_fingerprint_is_shown_without_values() -> None:
    of = EnvironmentPlan(
        "prod",
        "r1",
        (
            StackPlan("network", (change(Action.CREATE, "aws_vpc.a", size=1), change(Action.DELETE, "aws_eip.b"))),
            StackPlan("data", (change(Action.UPDATE, "aws_eip.c"),)),
            StackPlan("web", waits_for=("network", "data")),
        ),
    )
    assert to_plan_outline(fingerprint_plan(of), "staging", "r2") == EnvironmentPlan(
        "staging",
        "r2",
        (
            StackPlan("data", (change(Action.UPDATE, "aws_eip.c"),)),
            StackPlan("network", (change(Action.DELETE, "aws_eip.b"), change(Action.CREATE, "aws_vpc.a"))),
            StackPlan("web", waits_for=("what it reads",)),
        ),
    )
    assert to_plan_outline(PlanFingerprint(), "prod", "r1") == EnvironmentPlan("prod", "r1", ())


@given(plans())
def test_shown_outline_equals_stored_fingerprint(of: EnvironmentPlan) -> None:
    kept = fingerprint_plan(of)
    seen = fingerprint_plan(to_plan_outline(kept, "prod", "r1"))
    assert [replace(each, values={}) for each in seen.changes] == [replace(each, values={}) for each in kept.changes]


PERFORMED: Mapping[str, tuple[list[StackPlan], tuple[str, ...]]] = {
    "nothing": ([StackPlan("network")], ()),
    "each action on each type once, in order": (
        [
            StackPlan("web", (change(Action.UPDATE, "aws_eip.a"), change(Action.UPDATE, "aws_eip.b"))),
            StackPlan("network", (change(Action.DELETE, "aws_eip.c"), change(Action.CREATE, "aws_vpc.main"))),
        ],
        ("create aws_vpc", "delete aws_eip", "update aws_eip"),
    ),
    "nothing is done to what is forgotten as a whole": (
        [StackPlan("network", (change(Action.FORGET),), leaves="forget")],
        (),
    ),
    "what leaves is destroyed": (
        [StackPlan("network", (change(Action.DELETE),), leaves="destroy")],
        ("delete aws_vpc",),
    ),
    "what is read is not done": ([StackPlan("network", (change(Action.READ),))], ()),
    "all else is": (
        [StackPlan("network", tuple(change(action) for action in Action))],
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
