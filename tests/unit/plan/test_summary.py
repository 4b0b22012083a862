"""A large plan: dangerous changes one by one, all others counted, and equal changes of instances folded."""

from dataclasses import replace

import pytest

from envctl.domain.plan.changes import Action, AttributeChange, ResourceChange, StackPlan
from envctl.domain.plan.summary import (
    MAX_CHANGES,
    MIN_FOLDED,
    FoldedChange,
    TypeCount,
    fold_addresses,
    fold_changes,
    is_dangerous,
    is_large,
    summarize_resources,
)

STATEFUL = frozenset({"aws_db_instance"})


def change(address: str, action: Action = Action.UPDATE, **values: object) -> ResourceChange:
    attributes = tuple(AttributeChange(path, None, value) for path, value in values.items())
    return ResourceChange(address=address, type=address.partition(".")[0], action=action, attributes=attributes)


def items(count: int, action: Action = Action.UPDATE) -> list[ResourceChange]:
    return [change(f"aws_sqs_queue.item[{number}]", action) for number in range(count)]


@pytest.mark.parametrize(
    ("plans", "wanted"),
    [
        ([], False),
        ([StackPlan("web", resources=tuple(items(MAX_CHANGES)))], False),
        ([StackPlan("web", resources=tuple(items(MAX_CHANGES + 1)))], True),
        ([StackPlan("web", resources=tuple(items(MAX_CHANGES))), StackPlan("db", resources=tuple(items(1)))], True),
        ([StackPlan("web", resources=(*items(MAX_CHANGES), change("data.x.y", Action.READ)))], False),
    ],
)
def test_plan_is_large_with_many_changes(plans: list[StackPlan], wanted: bool) -> None:
    assert is_large(plans) is wanted


DATABASE = "aws_db_instance.this"
DANGER: dict[str, tuple[ResourceChange, bool]] = {
    "a creation": (change("aws_vpc.a", Action.CREATE), False),
    "an update": (change("aws_vpc.a"), False),
    "a move": (change("aws_vpc.a", Action.MOVE), False),
    "an import": (change("aws_vpc.a", Action.IMPORT), False),
    "a read": (change("aws_vpc.a", Action.READ), False),
    "a deletion": (change("aws_vpc.a", Action.DELETE), True),
    "a replacement": (change("aws_vpc.a", Action.REPLACE), True),
    "what is forgotten": (change("aws_vpc.a", Action.FORGET), True),
    "what is renewed": (change("aws_vpc.a", Action.RENEW), True),
    "an action": (change("action.a", Action.INVOKE), True),
    "a program": (replace(change("aws_vpc.a", Action.CREATE), programs=("sh x",)), True),
    "a new database": (change(DATABASE, Action.CREATE), False),
    "an imported database": (change(DATABASE, Action.IMPORT), False),
    "a database that is read": (change(DATABASE, Action.READ), False),
    "a changed database": (change(DATABASE), True),
    "a moved database": (change(DATABASE, Action.MOVE), True),
}


@pytest.mark.parametrize(("resource", "wanted"), DANGER.values(), ids=DANGER)
def test_dangerous_is(resource: ResourceChange, wanted: bool) -> None:
    assert is_dangerous(resource, STATEFUL) is wanted


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([0], "x.y[0]"),
        ([0, 1], "x.y[0…1]"),
        ([1, 0, 2], "x.y[0…2]"),
        ([0, 1, 2, 7], "x.y[0…2, 7]"),
        ([3, 5, 9, 10], "x.y[3, 5, 9…10]"),
    ],
)
def test_indexes_become_ranges(numbers: list[int], wanted: str) -> None:
    assert fold_addresses(f"x.y[{number}]" for number in numbers) == (wanted,)


def test_keys_and_single_resources_stay() -> None:
    addresses = ('x.y["0"]', "x.z", "module.a[0].x.y", 'x.y["1"]')
    assert fold_addresses(addresses) == addresses


def test_equal_changes_of_instances_are_folded() -> None:
    found = fold_changes([change("x.a"), *(change(f"x.y[{number}]", size=2) for number in range(MIN_FOLDED))])
    assert [(each.address, each.count) for each in found] == [("x.a", 1), ("x.y[0…4]", 5)]
    assert found[1].folded_resource == change("x.y[0…4]", size=2)
    assert found[0].folded_resource == change("x.a")


def test_few_instances_stand_alone() -> None:
    found = fold_changes(items(MIN_FOLDED - 1))
    assert found == [FoldedChange(each, each.address) for each in items(MIN_FOLDED - 1)]


@pytest.mark.parametrize("action", [Action.UPDATE, Action.REPLACE, Action.CREATE])
def test_different_changes_of_instances_stand_alone(action: Action) -> None:
    different = [change(f"x.y[{number}]", action, size=number) for number in range(9)]
    assert [each.count for each in fold_changes(different)] == [1] * 9


@pytest.mark.parametrize("action", [Action.DELETE, Action.FORGET])
def test_values_of_what_goes_away_do_not_matter(action: Action) -> None:
    different = [change(f"x.y[{number}]", action, size=[number]) for number in range(9)]
    assert [(each.address, each.count) for each in fold_changes(different)] == [("x.y[0…8]", 9)]


def test_another_action_is_not_folded_in() -> None:
    found = fold_changes([*items(MIN_FOLDED, Action.DELETE), change("aws_sqs_queue.item[5]", Action.REPLACE)])
    assert [each.address for each in found] == ["aws_sqs_queue.item[0…4]", "aws_sqs_queue.item[5]"]


def test_summary_counts_harmless_changes_by_type() -> None:
    found = summarize_resources(
        [
            *items(3),
            change(DATABASE),
            change("aws_vpc.a"),
            change("aws_vpc.b", Action.CREATE),
            change("aws_vpc.c", Action.DELETE),
        ],
        STATEFUL,
    )
    assert [each.address for each in found.dangerous] == [DATABASE, "aws_vpc.c"]
    assert found.counts == (
        TypeCount(Action.CREATE, "aws_vpc", 1, ("aws_vpc.b",)),
        TypeCount(Action.UPDATE, "aws_sqs_queue", 3, ("aws_sqs_queue.item[0…2]",)),
        TypeCount(Action.UPDATE, "aws_vpc", 1, ("aws_vpc.a",)),
    )
