"""What a plan means, from small documents in the form of `terraform show -json`."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.adapters.terraform.plans.plan_document import parse_plan
from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
    count_actions,
)
from envctl.usecases.ports.terraform import PreparedStack

SECRET = "hunter2"
HIDDEN, UNKNOWN = Marker.SENSITIVE, Marker.UNKNOWN


def resource(*actions: str, before: object = None, after: object = None, **more: Any) -> dict[str, Any]:
    around: dict[str, Any] = {
        key: more.pop(key) for key in ("previous_address", "action_reason", "mode", "address", "deposed") if key in more
    }
    change = {"actions": list(actions), "before": before, "after": after, "after_unknown": {}, **more}
    return {"address": "module.web.terraform_data.x", "type": "terraform_data", "change": change, **around}


def read(*resources: dict[str, Any], outputs: dict[str, Any] | None = None) -> StackPlan:
    return parse_plan(PreparedStack("web"), {"resource_changes": list(resources), "output_changes": outputs or {}}, ())


def attributes(raw: dict[str, Any]) -> list[tuple[str, object, object]]:
    (change,) = read(raw).resources
    return [(each.path, each.before, each.after) for each in change.attributes]


def created(after: object, **more: Any) -> dict[str, Any]:
    return resource("create", after=after, **more)


def updated(before: object, after: object, **more: Any) -> dict[str, Any]:
    if "secret" in more:
        more["before_sensitive"] = more["after_sensitive"] = more.pop("secret")
    return resource("update", before=before, after=after, **more)


def became(action: Action, attributes: tuple[AttributeChange, ...] = (), **more: Any) -> ResourceChange:
    return ResourceChange(
        address="terraform_data.x", type="terraform_data", action=action, attributes=attributes, **more
    )


A_CAME, A_WENT = (AttributeChange("a", None, 1),), (AttributeChange("a", 1, None),)
RESOURCES: dict[str, tuple[dict[str, Any], ResourceChange | None]] = {
    "what stays is left out": (resource("no-op", before={"a": 1}, after={"a": 1}), None),
    "a data source that is read is told": (resource("read", after={"a": 1}, mode="data"), became(Action.READ, A_CAME)),
    "a new resource shows its values": (created({"a": 1}), became(Action.CREATE, A_CAME)),
    "a resource that goes shows its values": (
        resource("delete", before={"a": 1}, action_reason="delete_because_no_resource_config"),
        became(Action.DELETE, A_WENT, reason="delete because no resource config"),
    ),
    "an update shows what differs": (
        updated({"a": 1, "b": 2}, {"a": 1, "b": 3}),
        became(Action.UPDATE, (AttributeChange("b", 2, 3),)),
    ),
    "a replacement names what forces it": (
        resource("delete", "create", before={"a": [1], "b": 2}, after={"a": [4], "b": 3}, replace_paths=[["a"]]),
        became(Action.REPLACE, (AttributeChange("a[0]", 1, 4, forces_replacement=True), AttributeChange("b", 2, 3))),
    ),
    "a replacement that creates first": (resource("create", "delete"), became(Action.REPLACE, creates_first=True)),
    "a new one beside an old one that stays is no replacement": (resource("create", "forget"), became(Action.RENEW)),
    "by OpenTofu": (resource("forget", "create"), became(Action.RENEW)),
    "a resource that is only moved": (
        resource("no-op", before={"a": 1}, after={"a": 1}, previous_address="module.web.terraform_data.old"),
        became(Action.MOVE, moved_from="terraform_data.old"),
    ),
    "a resource that is moved and changed is an update": (
        updated({"a": 1}, {"a": 2}, previous_address="module.web.terraform_data.old"),
        became(Action.UPDATE, (AttributeChange("a", 1, 2),), moved_from="terraform_data.old"),
    ),
    "a resource imported as it is": (resource("no-op", importing={"id": "i-1"}), became(Action.IMPORT, imported="i-1")),
    "it is forgotten": (resource("forget"), became(Action.FORGET)),
    "what a replacement left behind is told apart from the resource itself": (
        resource("delete", before={"a": 1}, deposed="1a2b3c4d"),
        ResourceChange(
            address="terraform_data.x (deposed 1a2b3c4d)",
            type="terraform_data",
            action=Action.DELETE,
            attributes=A_WENT,
        ),
    ),
    "the address inside a nested module stays whole": (
        resource("create", address="module.web.module.web.terraform_data.x"),
        ResourceChange(address="module.web.terraform_data.x", type="terraform_data", action=Action.CREATE),
    ),
}


@pytest.mark.parametrize(("raw", "expected"), RESOURCES.values(), ids=RESOURCES.keys())
def test_resource_changes_are_parsed(raw: dict[str, Any], expected: ResourceChange | None) -> None:
    """What an approval is bound to has tests of its own."""
    told = tuple(replace(each, planned={}) for each in read(raw).resources)
    assert told == (() if expected is None else (expected,))


Shown = tuple[str, object, object]


def shows(raw: dict[str, Any], *changes: Shown) -> tuple[dict[str, Any], list[Shown]]:
    return raw, list(changes)


ATTRIBUTES = {
    "a secret that stays is not shown": shows(updated({"p": "s1"}, {"p": "s1"}, secret={"p": True})),
    "a secret that changes is hidden": shows(
        updated({"p": "s1"}, {"p": "s2"}, secret={"p": True}), ("p", HIDDEN, HIDDEN)
    ),
    "a secret that comes is hidden": shows(created({"p": "s2"}, after_sensitive={"p": True}), ("p", None, HIDDEN)),
    "a secret that goes is hidden": shows(
        resource("delete", before={"p": "s1"}, before_sensitive={"p": True}), ("p", HIDDEN, None)
    ),
    "a secret that is not known yet is hidden": shows(
        created({}, after_sensitive={"p": True}, after_unknown={"p": True}), ("p", None, HIDDEN)
    ),
    "a value that becomes a secret is hidden": shows(
        updated({"p": "s1"}, {"p": "s2"}, before_sensitive={}, after_sensitive={"p": True}), ("p", HIDDEN, HIDDEN)
    ),
    "a value that was a secret stays hidden": shows(
        updated({"p": "s1"}, {"p": "s2"}, before_sensitive={"p": True}, after_sensitive={}), ("p", HIDDEN, HIDDEN)
    ),
    "a whole object that becomes a secret hides what was in it": shows(
        updated({"p": {"a": "s1"}}, {"p": {"a": "s2"}}, before_sensitive={"p": {}}, after_sensitive={"p": True}),
        ("p", HIDDEN, HIDDEN),
    ),
    "a secret inside a list is hidden and its neighbour is not": shows(
        updated({"p": ["a", "s1"]}, {"p": ["b", "s2"]}, secret={"p": [False, True]}),
        ("p[0]", "a", "b"),
        ("p[1]", HIDDEN, HIDDEN),
    ),
    "a value known after the apply": shows(updated({"id": "a"}, {}, after_unknown={"id": True}), ("id", "a", UNKNOWN)),
    "a part known after the apply": shows(
        created({"p": {"a": 1}}, after_unknown={"p": {"b": True}}), ("p.a", None, 1), ("p.b", None, UNKNOWN)
    ),
    "an element known after the apply": shows(
        created({"p": [1]}, after_unknown={"p": [False, True]}), ("p[0]", None, 1), ("p[1]", None, UNKNOWN)
    ),
    "nested values by their paths": shows(
        created({"a": {"b": [{"c": 1}]}, "d": {"e f": 2, "g-h": 3}}),
        ("a.b[0].c", None, 1),
        ('d["e f"]', None, 2),
        ("d.g-h", None, 3),
    ),
    "null and empty containers are equal": shows(
        updated({"a": None, "b": {}, "c": [], "d": 1}, {"a": {}, "b": None, "c": {}, "d": 2}), ("d", 1, 2)
    ),
    "empty text is not nothing": shows(updated({"a": None}, {"a": ""}), ("a", None, "")),
    "false and zero are values": shows(created({"a": False, "b": 0}), ("a", None, False), ("b", None, 0)),
    "false is not zero": shows(updated({"a": [{"b": 0}]}, {"a": [{"b": False}]}), ("a[0].b", 0, False)),
    "a secret that turns from one into true": shows(
        updated({"p": 1}, {"p": True}, secret={"p": True}), ("p", HIDDEN, HIDDEN)
    ),
    "the tenth comes after the second": shows(
        created({"a": list(range(11))}), *[(f"a[{number}]", None, number) for number in range(11)]
    ),
    "a block before others does not change them": shows(
        updated({"b": [{"port": 8080}]}, {"b": [{"port": 22}, {"port": 8080}]}), ("b[0].port", None, 22)
    ),
    "a block that goes from in front of others does not change them": shows(
        updated({"b": [{"port": 22}, {"port": 443}, {"port": 8080}]}, {"b": [{"port": 443}, {"port": 8080}]}),
        ("b[0].port", 22, None),
    ),
    "a block that becomes another one keeps its place": shows(
        updated({"b": [{"port": 22, "on": True}, {"port": 443}]}, {"b": [{"port": 23, "on": True}, {"port": 443}]}),
        ("b[0].port", 22, 23),
    ),
    "blocks that change places are told": shows(
        updated({"b": [{"port": 22}, {"port": 443}]}, {"b": [{"port": 443}, {"port": 22}]}),
        ("b[0].port", None, 443),
        ("b[1].port", 443, None),
    ),
    "true is not one": shows(updated({"b": [{"on": 1}]}, {"b": [{"on": True}, {"on": 1}]}), ("b[0].on", None, True)),
    "a block within a block that stays": shows(
        updated({"b": [{"n": 1, "c": [{"d": 1}]}]}, {"b": [{"n": 2, "c": [{"d": 0}, {"d": 1}]}]}),
        ("b[0].c[0].d", None, 0),
        ("b[0].n", 1, 2),
    ),
    "a block that is not known yet is none of those before": shows(
        updated({"b": [{"port": 22}]}, {"b": [{"port": 22}, {"port": 22}]}, after_unknown={"b": [{"id": True}, {}]}),
        ("b[0].id", None, UNKNOWN),
        ("b[0].port", None, 22),
    ),
    "an empty block that changes places is not lost": shows(
        updated({"b": [{"port": 22}, {}]}, {"b": [{}, {"port": 22}]}), ("b[0].port", 22, None), ("b[1].port", None, 22)
    ),
    "an empty block moves": shows(
        updated({"a": [{"allow": [], "block": [{}]}]}, {"a": [{"allow": [{}], "block": []}]}),
        ("a[0].allow[0]", None, {}),
        ("a[0].block[0]", {}, None),
    ),
    "a new empty block": shows(created({"ingress": [{}]}), ("ingress[0]", None, {})),
    "a block that holds nothing that is set": shows(
        created({"a": [{"allow": [{"custom": []}], "n": None}]}), ("a[0].allow[0]", None, {})
    ),
    "an empty block beside one that stays": shows(
        updated({"b": [{"n": 1, "c": [{"d": 1}]}]}, {"b": [{"n": 1, "c": [{"d": 1}, {}]}]}), ("b[0].c[1]", None, {})
    ),
    "keys with quotes and brackets": shows(
        created({"t": {'a "]["b ': 1, "a ": {"b ": 2}}}), ('t["a "]["b "]', None, 2), ('t["a \\"][\\"b "]', None, 1)
    ),
    "a secret in a block that only moved is not told, and one in a new block is hidden": shows(
        updated(
            {"b": [{"p": "s1"}]},
            {"b": [{"p": "s2"}, {"p": "s1"}]},
            before_sensitive={"b": [{"p": True}]},
            after_sensitive={"b": [{"p": True}, {"p": True}]},
        ),
        ("b[0].p", None, HIDDEN),
    ),
    "a key that is a digit and not a number": shows(created({"a": {"²": 1}}), ("a.²", None, 1)),
}


@pytest.mark.parametrize(("raw", "expected"), ATTRIBUTES.values(), ids=ATTRIBUTES.keys())
def test_attribute_changes_are_parsed(raw: dict[str, Any], expected: list[tuple[str, object, object]]) -> None:
    assert attributes(raw) == expected


OUTPUTS: dict[str, tuple[dict[str, Any], OutputChange | None]] = {
    "an output that stays is left out": ({"actions": ["no-op"], "before": 1, "after": 1}, None),
    "an output that changes": (
        {"actions": ["update"], "before": 1, "after": 2, "before_sensitive": False, "after_sensitive": False},
        OutputChange("x", Action.UPDATE, 1, 2),
    ),
    "an output that is known after the apply": (
        {"actions": ["create"], "before": None, "after_unknown": True},
        OutputChange("x", Action.CREATE, None, UNKNOWN),
    ),
    "a secret output": (
        {"actions": ["create"], "before": None, "after": SECRET, "before_sensitive": True, "after_sensitive": True},
        OutputChange("x", Action.CREATE, None, HIDDEN),
    ),
    "an output that becomes secret": (
        {"actions": ["update"], "before": SECRET, "after": SECRET, "before_sensitive": False, "after_sensitive": True},
        OutputChange("x", Action.UPDATE, HIDDEN, HIDDEN),
    ),
}


@pytest.mark.parametrize(("raw", "expected"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_output_changes_are_parsed(raw: dict[str, Any], expected: OutputChange | None) -> None:
    plan = read(outputs={"x": raw})
    assert plan.outputs == (() if expected is None else (expected,))
    assert plan.changes == (expected is not None)


def test_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="an unknown action"):
        read(resource("transmogrify"))


def test_moves_count_as_changes() -> None:
    plan = read(resource("no-op", previous_address="module.web.terraform_data.old"))
    assert plan.changes
    assert count_actions(plan.resources) == {Action.MOVE: 1}


values = st.recursive(
    st.sampled_from([None, 1, True, "plain", SECRET]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)


def _marks(value: object) -> object:
    """Every secret in a value is marked, as Terraform does it."""
    match value:
        case dict():
            return {key: mark for key, item in value.items() if (mark := _marks(item))}
        case list():
            return [_marks(item) for item in value]
        case _:
            return value == SECRET


@given(st.dictionaries(st.sampled_from("abc"), values, max_size=3), st.dictionaries(st.sampled_from("abc"), values))
def test_sensitive_value_is_never_shown(before: dict[str, Any], after: dict[str, Any]) -> None:
    raw = updated(before, after, before_sensitive=_marks(before), after_sensitive=_marks(after))
    change = {"actions": ["update"], "before": before, "after": after}
    marks = {"before_sensitive": _marks(before), "after_sensitive": _marks(after)}
    assert SECRET not in repr(read(raw, outputs={"x": change | marks}))


blocks = st.lists(st.dictionaries(st.sampled_from("ab"), st.integers(0, 2) | st.booleans(), min_size=1), max_size=4)


@given(blocks, blocks)
def test_differing_block_lists_always_show_a_change(before: list[Any], after: list[Any]) -> None:
    told = attributes(updated({"b": before}, {"b": after}))
    assert bool(told) == (json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True))


@given(blocks, blocks)
def test_block_on_one_side_only_is_shown(before: list[Any], after: list[Any]) -> None:
    told = attributes(updated({"b": before}, {"b": after}))
    for place, block in enumerate(after):
        if block not in before:
            assert any(path.startswith(f"b[{place}].") for path, *_ in told)


def test_root_variable_is_secret_except_session_name() -> None:
    raw = created({"owner": "envctl-ann", "password": SECRET})
    variables = {"envctl_session": {"value": "envctl-ann"}, "password": {"value": SECRET}}
    (change,) = parse_plan(PreparedStack("web"), {"resource_changes": [raw], "variables": variables}, ()).resources
    assert [(each.path, each.after) for each in change.attributes] == [("owner", "envctl-ann"), ("password", HIDDEN)]
