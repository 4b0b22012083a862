"""Two documents of plans have one fingerprint only where an apply can't tell them apart: laws over random documents."""

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from envctl.adapters.terraform.plans import plan_document
from envctl.adapters.terraform.plans.planned_values import list_planned_values
from envctl.domain.plan.approved_changes import find_unapproved_changes
from envctl.domain.plan.changes import Action
from envctl.domain.plan.fingerprint import (
    decode,
    encode,
    encode_path,
    list_enclosing_paths,
    list_leaves,
    parse_path,
    to_canonical_json,
)
from envctl.domain.redaction.plan_secrets import PlanSecrets
from tests.unit.plan.fingerprint.documents import Json, created, full, meant, print_of, updated

NASTY = st.text('ab".[]\\ \u00e9', max_size=4)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | NASTY
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NASTY, inner, max_size=3), max_leaves=6
)
objects = st.dictionaries(NASTY, values, max_size=4)
secrets = st.text("xyz", min_size=8, max_size=12)


def without_null(value: Json) -> Json:
    """A schema has every attribute: at the top null says no more than absent."""
    return {key: item for key, item in value.items() if item is not None}


def spots(value: Any, steps: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document."""
    yield steps
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from spots(value[key], (*steps, key))


def put(value: Any, steps: tuple[Any, ...], new: Any) -> Any:
    if not steps:
        return new
    copied = deepcopy(value)
    inner = copied
    for step in steps[:-1]:
        inner = inner[step]
    inner[steps[-1]] = new
    return copied


@given(objects, values, st.data())
def test_another_new_value_changes_the_plan_fingerprint(after: Json, new: Any, data: st.DataObject) -> None:
    where = data.draw(st.sampled_from([steps for steps in spots(after) if steps] or [()]))
    other = put(after, where, new if where else {"a": new})
    assume(to_canonical_json(without_null(other)) != to_canonical_json(without_null(after)))
    assert print_of(created(after)) != print_of(created(other))
    assert find_unapproved_changes(meant(created(other)), meant(created(after)))


@given(objects, objects, values, st.data())
def test_another_planned_value_changes_fingerprint(before: Json, after: Json, new: Any, data: st.DataObject) -> None:
    where = data.draw(st.sampled_from([steps for steps in spots(after) if steps] or [()]))
    other = put(after, where, new if where else {"a": new})
    assume(to_canonical_json(other) != to_canonical_json(after))
    assert print_of(updated(before, after)) != print_of(updated(before, other))


@given(objects, st.data())
def test_unknown_and_known_values_have_different_fingerprints(after: Json, data: st.DataObject) -> None:
    assume(after)
    key = data.draw(st.sampled_from(sorted(after)))
    then = created({k: v for k, v in after.items() if k != key}, after_unknown={key: True})
    assert print_of(created(after)) != print_of(then) or after[key] is None
    assert not find_unapproved_changes(meant(created(after)), meant(then))


@given(objects, objects, objects)
def test_unchanged_existing_values_are_not_fingerprinted(stays: Json, before: Json, after: Json) -> None:
    assume(before and after)
    own = {f"own {key}": value for key, value in stays.items()}
    assert print_of(updated(before, after)) == print_of(updated({**before, **own}, {**after, **own}))


@given(objects, objects)
def test_change_covers_itself_and_survives_encoding(before: Json, after: Json) -> None:
    kept = meant(updated(before, after))
    assert not find_unapproved_changes(meant(updated(before, after)), kept)
    assert decode(encode(kept)) == kept


@given(objects, secrets, secrets, st.data())
def test_sensitive_value_is_marked_and_never_hashed(after: Json, one: str, other: str, data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([*after, "token"]))

    def holding(secret: str) -> bytes:
        return encode(meant(created({**after, key: secret}, after_sensitive={key: True})))

    assert holding(one) == holding(other)
    assert b'"*"' in holding(one)


def test_change_of_sensitive_value_changes_the_fingerprint() -> None:
    marks = {"before_sensitive": {"p": True}, "after_sensitive": {"p": True}}
    stays = updated({"p": "secret-1", "a": 1}, {"p": "secret-1", "a": 2}, **marks)
    changes = updated({"p": "secret-1", "a": 1}, {"p": "secret-2", "a": 2}, **marks)
    assert find_unapproved_changes(meant(changes), meant(stays))
    later = created({}, after_sensitive={"p": True}, after_unknown={"p": True})
    known = created({"p": "secret-1"}, after_sensitive={"p": True})
    assert not find_unapproved_changes(meant(known), meant(later))
    assert find_unapproved_changes(meant(later), meant(known))


def shuffled(value: Any, draw: Any) -> Any:
    """The same with the keys of each object in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], draw) for key in draw(st.permutations(list(value)))}
    return [shuffled(item, draw) for item in value] if isinstance(value, list) else value


@given(st.data())
def test_order_of_keys_and_changes_is_ignored(data: st.DataObject) -> None:
    of = full()
    more = [{**of["resource_changes"][0], "address": f"module.web.aws_x.{name}"} for name in "abc"]
    of["resource_changes"] += more
    then = shuffled(of, data.draw)
    for key in ("resource_changes", "action_invocations"):
        then[key] = data.draw(st.permutations(then[key]))
    assert print_of(of) == print_of(then)


SPELLINGS = [("1", "1.0", "1e0", "10e-1"), ("0", "0.0", "0e5"), ("1200", "1.2e3"), ("-5e-1", "-0.5")]
EXACT = ["0.12345678901234567890", "0.12345678901234567891", "9007199254740993", "9007199254740992", "1e400", "1e401"]


def numbered(spelling: str) -> str:
    text = json.dumps(created({"n": "HERE"})).replace('"HERE"', spelling)
    change = plan_document.parse_document(text)["resource_changes"][0]
    return list_planned_values(change, Action.CREATE, PlanSecrets())['["n"]'].digest


@pytest.mark.parametrize("spellings", SPELLINGS, ids=lambda each: each[0])
def test_number_is_equal_in_each_spelling(spellings: tuple[str, ...]) -> None:
    assert len({numbered(each) for each in spellings}) == 1


def test_no_digit_of_a_number_is_lost() -> None:
    assert len({numbered(each) for each in EXACT}) == len(EXACT)
    assert numbered("1") != numbered('"1"') != numbered("true")


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_equal_numbers_have_equal_canonical_json(one: Decimal, other: Decimal) -> None:
    assert (to_canonical_json(one) == to_canonical_json(other)) == (one == other)


@given(values, values)
def test_canonical_json_is_equal_only_for_equal_leaves(one: Any, other: Any) -> None:
    def told(value: Any) -> dict[str, str]:
        return {where: to_canonical_json(leaf) for where, leaf in list_leaves(value)}

    assert (to_canonical_json(one) == to_canonical_json(other)) == (told(one) == told(other))


@given(st.lists(NASTY | st.integers(0, 20), max_size=4))
def test_enclosing_paths_are_listed_from_leaf_to_root(steps: list[str | int]) -> None:
    assert list(list_enclosing_paths(encode_path(steps))) == [
        encode_path(steps[:end]) for end in range(len(steps), -1, -1)
    ]


def test_typed_path_is_parsed() -> None:
    assert parse_path('tags["a \\"]"].b[0].c-d') == ("tags", 'a "]', "b", 0, "c-d")
    assert list(list_enclosing_paths("provider")) == ["provider"]


PAIRS: dict[str, tuple[Json, Json]] = {
    "which is made first": (
        updated({"a": 1}, {"a": 2}, actions=["create", "delete"]),
        updated({"a": 1}, {"a": 2}, actions=["delete", "create"]),
    ),
    "whether the old one goes": (
        updated({"a": 1}, {"a": 2}, actions=["create", "delete"]),
        updated({"a": 1}, {"a": 2}, actions=["create", "forget"]),
    ),
    "its object": (
        updated({"id": "db-1"}, None, actions=["delete"]),
        updated({"id": "db-2"}, None, actions=["delete"]),
    ),
    "forgotten": (updated({"id": "db-1"}, None, actions=["forget"]), updated({"id": "db-2"}, None, actions=["forget"])),
    "what a program is asked": (
        created({"program": ["sh", "a"]}, actions=["read"]),
        created({"program": ["sh", "b"]}, actions=["read"]),
    ),
    "an empty block": (updated({"a": [{}]}, {"a": []}), updated({"a": [{}]}, {"a": [{}], "b": 1})),
}


@pytest.mark.parametrize(("one", "other"), PAIRS.values(), ids=PAIRS.keys())
def test_different_plans_have_different_fingerprints(one: Json, other: Json) -> None:
    assert print_of(one) != print_of(other)


@pytest.mark.parametrize(
    "damaged",
    ["", "[]", "7", "null", '{"resource_changes": NaN}', '{"a": 1e', "[" * 100_000, '{"a": ' + "9" * 5000 + "}"],
    ids=["nothing", "list", "number", "null", "nan", "half", "deep", "long"],
)
def test_malformed_document_is_refused(damaged: str) -> None:
    with pytest.raises((ValueError, RecursionError)):
        plan_document.parse_document(damaged)
