"""What a program that knows prices is asked, and what of its answers counts."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    Cost,
    EnvironmentPlan,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.domain.plan.costs import MalformedAnswerError, encode_question, has_priced_changes, parse_cost

SIZE = ResourceChange(
    address="aws_instance.this",
    type="aws_instance",
    action=Action.UPDATE,
    attributes=(
        AttributeChange("instance_type", "t3.micro", "t3.small"),
        AttributeChange("arn", "arn:aws:x", Marker.UNKNOWN),
        AttributeChange("user_data", Marker.SENSITIVE, Marker.SENSITIVE),
        AttributeChange("tags.Name", None, "店\ud800"),
        AttributeChange("weight", float("inf"), 2.5),
        AttributeChange("exact", None, Decimal("0.12345678901234567890")),
    ),
)
READ = ResourceChange(address="data.aws_ami.this", type="aws_ami", action=Action.READ)
INVOKED = ResourceChange(address="action.aws_do.it", type="aws_do", action=Action.INVOKE)
NEW = ResourceChange(address="aws_eip.out", type="aws_eip", action=Action.CREATE)
OUTPUT = OutputChange("url", Action.CREATE, None, "https://example.com")
WEB = StackPlan("web", resources=(READ, SIZE, INVOKED), outputs=(OUTPUT,))
PLAN = EnvironmentPlan(
    environment="dev",
    release="",
    stacks=(WEB, StackPlan("far", resources=(NEW,)), StackPlan("dns", waits_for=("web",))),
)
KNOWN = "web aws_instance.this"


def test_cost_question_replaces_hidden_values_by_markers() -> None:
    asked = json.loads(encode_question(PLAN, "111111111111", "ap-northeast-1", {"far": "eu-west-1"}))
    size = {
        "address": "aws_instance.this",
        "type": "aws_instance",
        "action": "update",
        "before": {"instance_type": "t3.micro", "arn": "arn:aws:x", "user_data": "(sensitive)", "weight": "inf"},
        "after": {
            "instance_type": "t3.small",
            "arn": "(known after apply)",
            "user_data": "(sensitive)",
            "tags.Name": "店\ud800",
            "weight": 2.5,
            "exact": "0.1234567890123456789",
        },
    }
    new = {"address": "aws_eip.out", "type": "aws_eip", "action": "create", "before": {}, "after": {}}
    assert asked == {
        "format": 1,
        "environment": "dev",
        "account_id": "111111111111",
        "region": "ap-northeast-1",
        "stacks": [
            {"stack": "web", "region": "ap-northeast-1", "waits_for": [], "resources": [size]},
            {"stack": "far", "region": "eu-west-1", "waits_for": [], "resources": [new]},
            {"stack": "dns", "region": "ap-northeast-1", "waits_for": ["web"], "resources": []},
        ],
    }


def test_cost_question_has_null_for_missing_account() -> None:
    asked = json.loads(encode_question(PLAN, "", "", {}))
    assert (asked["account_id"], asked["region"], asked["stacks"][0]["region"]) == (None, None, None)


@pytest.mark.parametrize(
    ("stacks", "worth"),
    [
        pytest.param((StackPlan("web", resources=(SIZE,)),), True, id="a resource that changes"),
        pytest.param((StackPlan("web"), StackPlan("far", resources=(NEW,))), True, id="a resource of another stack"),
        pytest.param((StackPlan("web", resources=(READ,)),), False, id="a data source that is read"),
        pytest.param((StackPlan("web", resources=(), outputs=(OUTPUT,)),), False, id="an output"),
        pytest.param((StackPlan("dns", waits_for=("web",)),), False, id="a stack that waits"),
        pytest.param((StackPlan("web"),), False, id="nothing"),
    ],
)
def test_cost_is_estimated_only_for_priced_changes(stacks: tuple[StackPlan, ...], worth: bool) -> None:
    assert has_priced_changes(EnvironmentPlan(environment="dev", release="", stacks=stacks)) is worth


def answer(before: str = "120.5", after: str = "133.0", **more: Any) -> str:
    other = "".join(f", {json.dumps(key)}: {json.dumps(value)}" for key, value in more.items())
    return f'{{"currency": "USD", "monthly": {{"before": {before}, "after": {after}}}{other}}}'


READS: dict[str, tuple[str, Cost]] = {
    "two amounts": (answer(), Cost("USD", "120.5", "133", "12.5")),
    "a resource": (answer(resources={KNOWN: 12.5}), Cost("USD", "120.5", "133", "12.5", {KNOWN: "12.5"})),
    "a resource gets cheaper": (answer("9", "8", resources={KNOWN: -1}), Cost("USD", "9", "8", "-1", {KNOWN: "-1"})),
    "what floats make of a third of a coin": (answer("0.1", "0.30000000000000004"), Cost("USD", "0.1", "0.3", "0.2")),
    "an exponent": (answer("1e3", "1E+3"), Cost("USD", "1000", "1000", "0")),
    "next to nothing": (answer("0", "1e-9999999"), Cost("USD", "0", "0", "0")),
    "a zero with a sign": (answer("-0.0", "-0"), Cost("USD", "0", "0", "0")),
    "all that there may be": (answer("0", "1e12"), Cost("USD", "0", "1000000000000", "1000000000000")),
    "space around it": (f"\n {answer('1', '1')}\n", Cost("USD", "1", "1", "0")),
}


@pytest.mark.parametrize(("said", "read"), READS.values(), ids=READS)
def test_cost_is_read_to_its_last_significant_digit(said: str, read: Cost) -> None:
    assert parse_cost(said.encode(), PLAN) == read


REFUSED: dict[str, tuple[str | bytes, str]] = {
    "nothing": (" \n", "answered with empty output"),
    "a text": ("12.5 USD", "invalid JSON"),
    "no text": (b"\xff\xfe", "invalid JSON"),
    "two answers": (f"{answer()}{answer()}", "invalid JSON"),
    "an abyss": ("[" * 100_000, "invalid JSON"),
    "a list": ("[]", "not with an object"),
    "no currency": ('{"monthly": {"before": 1, "after": 1}}', "without currency"),
    "no amounts": ('{"currency": "USD"}', "without monthly"),
    "a sign for a currency": (answer().replace("USD", "$"), "an invalid currency"),
    "a currency in small letters": (answer().replace("USD", "usd"), "an invalid currency"),
    "a currency of other letters": (answer().replace("USD", "円円円"), "an invalid currency"),
    "a currency that is a number": (answer().replace('"USD"', "1"), "an invalid currency"),
    "only after": ('{"currency": "USD", "monthly": {"after": 1}}', "a monthly without before and after"),
    "a number for both": ('{"currency": "USD", "monthly": 1}', "a monthly without before and after"),
    "an amount as text": (answer('"1"'), "answered with monthly.before, not a number"),
    "true": (answer("true"), "answered with monthly.before, not a number"),
    "null": (answer("1", "null"), "answered with monthly.after, not a number"),
    "no number": (answer("NaN"), "NaN, not a valid amount"),
    "no end": (answer("1", "-Infinity"), "-Infinity, not a valid amount"),
    "too much": (answer("1", "1000000000001"), "monthly.after beyond 1,000,000,000,000"),
    "beyond all measure": (answer("1", "1e99999999"), "monthly.after beyond"),
    "an exponent that no memory holds": (answer("1", f"1e{'9' * 30}"), "invalid JSON"),
    "below zero": (answer("-0.01"), "below zero"),
    "a key too many": (answer(note="x"), "answered with the unknown key note"),
    "an amount too many": (answer("1", '2, "later": 3'), "answered with the unknown key monthly.later"),
    "the same key twice": (answer("1", '2, "after": 3'), "a duplicate key"),
    "resources as a list": (answer(resources=[]), "but not as an object"),
    "its own resource": (answer(resources={"web aws_instance.that": 1}), '"web aws_instance.that", not part of'),
    "a resource without its stack": (answer(resources={"aws_instance.this": 1}), "not part of the request"),
    "a resource without an amount": (answer(resources={KNOWN: "1"}), f"resources of {KNOWN}, not a number"),
    "a terminal's escape": (
        answer().replace('"monthly"', '"\\u001b[31mred": 1, "monthly"'),
        "answered with the unknown key red",
    ),
}


@pytest.mark.parametrize(("said", "why"), REFUSED.values(), ids=REFUSED)
def test_malformed_cost_answer_is_refused_as_a_whole(said: str | bytes, why: str) -> None:
    with pytest.raises(MalformedAnswerError) as refused:
        parse_cost(said if isinstance(said, bytes) else said.encode(), PLAN)
    assert why in str(refused.value)
    assert str(refused.value).isprintable()


@given(
    st.binary()
    | st.recursive(
        st.none() | st.floats() | st.text(),
        lambda each: (
            st.lists(each)
            | st.dictionaries(st.sampled_from(["currency", "monthly", "before", "after", "resources"]), each)
        ),
    ).map(lambda each: json.dumps(each).encode())
)
def test_any_cost_answer_is_read_or_refused(said: bytes) -> None:
    try:
        parse_cost(said, PLAN)
    except MalformedAnswerError as error:
        assert str(error).startswith("answered ")
