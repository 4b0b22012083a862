"""What drift is, from small documents in the form of `terraform show -json` of a refresh-only plan."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.adapters.terraform.plans.drift import parse_drift, parse_drifted_outputs
from envctl.domain.plan.changes import Action, AttributeChange, Marker, ResourceChange
from envctl.usecases.ports.terraform import PreparedStack

SECRET = "hunter2"
HIDDEN = Marker.SENSITIVE


def drifted(action: str, before: object, after: object, **more: Any) -> dict[str, Any]:
    change = {"actions": [action], "before": before, "after": after, "after_unknown": {}}
    around: dict[str, Any] = {key: more.pop(key) for key in ("deposed", "previous_address") if key in more}
    return {"address": "module.web.x.this", "type": "x", "change": {**change, **more}, **around}


def read(*resources: dict[str, Any], **more: Any) -> tuple[ResourceChange, ...]:
    return parse_drift(PreparedStack("web"), {"resource_drift": list(resources), **more}, ()).resources


def found(action: Action, *attributes: tuple[str, object, object], address: str = "x.this") -> ResourceChange:
    return ResourceChange(
        address=address, type="x", action=action, attributes=tuple(AttributeChange(*each) for each in attributes)
    )


CASES: dict[str, tuple[dict[str, Any], ResourceChange | None]] = {
    "another value": (
        drifted("update", {"a": 1, "b": 2}, {"a": 1, "b": 3}),
        found(Action.UPDATE, ("b", 2, 3)),
    ),
    "a value that came": (drifted("update", {"a": None}, {"a": "x"}), found(Action.UPDATE, ("a", None, "x"))),
    "a value that went": (drifted("update", {"a": "x"}, {"a": ""}), found(Action.UPDATE, ("a", "x", None))),
    "a resource that is gone": (drifted("delete", {"a": 1}, None), found(Action.DELETE, ("a", 1, None))),
    "a resource that is gone and held nothing": (drifted("delete", {"a": ""}, None), found(Action.DELETE)),
    "what a replacement left behind is gone": (
        drifted("delete", {"a": 1}, None, deposed="1a2b3c4d"),
        found(Action.DELETE, ("a", 1, None), address="x.this (deposed 1a2b3c4d)"),
    ),
    "null that became an empty map": (drifted("update", {"tags": None}, {"tags": {}}), None),
    "null that became an empty list": (drifted("update", {"a": None}, {"a": []}), None),
    "null that became an empty text": (drifted("update", {"a": None}, {"a": ""}), None),
    "an empty text that became null": (drifted("update", {"a": ""}, {"a": None}), None),
    "an attribute that is nowhere and one that is empty": (drifted("update", {}, {"a": [""], "b": {"c": ""}}), None),
    "a secret that became empty where it was null": (
        drifted("update", {"a": None, "b": None}, {"a": "", "b": []}, after_sensitive={"a": True, "b": True}),
        None,
    ),
    "an empty block in place of another": (
        drifted("update", {"d": [{"allow": [], "block": [{}]}]}, {"d": [{"allow": [{}], "block": []}]}),
        found(Action.UPDATE, ("d[0].allow[0]", None, {}), ("d[0].block[0]", {}, None)),
    ),
    "an empty block that appeared": (
        drifted("update", {"d": None}, {"d": [{}]}),
        found(Action.UPDATE, ("d[0]", None, {})),
    ),
    "an empty block that is gone": (
        drifted("update", {"d": [{}]}, {"d": []}),
        found(Action.UPDATE, ("d[0]", {}, None)),
    ),
    "an empty block that stays, however it is filled": (
        drifted("update", {"d": [{"a": None, "b": ""}]}, {"d": [{"a": [], "b": None}]}),
        None,
    ),
    "a block that holds something now": (
        drifted("update", {"d": [{"a": ""}]}, {"d": [{"a": "x"}]}),
        found(Action.UPDATE, ("d[0].a", None, "x")),
    ),
    "false is not nothing": (drifted("update", {"a": None}, {"a": False}), found(Action.UPDATE, ("a", None, False))),
    "zero is not nothing": (drifted("update", {"a": None}, {"a": 0}), found(Action.UPDATE, ("a", None, 0))),
    "what is beside the noise": (
        drifted("update", {"tags": None, "rules": ["", "b"]}, {"tags": {}, "rules": [None, "c"]}),
        found(Action.UPDATE, ("rules[1]", "b", "c")),
    ),
    "a resource that the code has renamed": (
        drifted("no-op", {"a": 1}, {"a": 1}, previous_address="module.web.x.old"),
        None,
    ),
    "a secret that another one took the place of": (
        drifted("update", {"p": SECRET}, {"p": "other"}, before_sensitive={"p": True}, after_sensitive={"p": True}),
        found(Action.UPDATE, ("p", HIDDEN, HIDDEN)),
    ),
    "a secret that shows up where nothing marks it": (
        drifted("update", {"p": SECRET, "q": "x"}, {"p": SECRET, "q": SECRET}, before_sensitive={"p": True}),
        found(Action.UPDATE, ("q", "x", HIDDEN)),
    ),
}


@pytest.mark.parametrize(("raw", "expected"), CASES.values(), ids=CASES.keys())
def test_resource_drift_is(raw: dict[str, Any], expected: ResourceChange | None) -> None:
    assert read(raw) == (() if expected is None else (expected,))


OUTPUTS: dict[str, tuple[object, object, bool]] = {
    "another value": (1, 2, True),
    "the same value": ({"a": [1]}, {"a": [1]}, False),
    "null that became an empty list": (None, [], False),
    "one that became true": ({"a": [1]}, {"a": [True]}, True),
    "a list that became longer": ([1], [1, 2], True),
    "a key that went": ({"a": 1, "b": 2}, {"a": 1}, True),
}


@pytest.mark.parametrize(("before", "after", "expected"), OUTPUTS.values(), ids=OUTPUTS.keys())
def test_output_drift_is(before: object, after: object, expected: bool) -> None:
    change = {"actions": ["update"], "before": before, "after": after}
    assert bool(parse_drifted_outputs(PreparedStack("web"), {"output_changes": {"x": change}})) == expected


def test_output_and_planned_changes_are_no_drift() -> None:
    output = {"actions": ["update"], "before": 1, "after": 2}
    planned = {"address": "module.web.x.other", "type": "x", "change": {"actions": ["create"], "after": {"a": 1}}}
    assert read(output_changes={"n": output}, resource_changes=[planned]) == ()


def test_warnings_are_kept() -> None:
    assert parse_drift(PreparedStack("web"), {}, ("odd",)).warnings == ("odd",)


def test_unknown_action_is_refused() -> None:
    with pytest.raises(ValueError, match="an unknown action"):
        read(drifted("conjure", {}, {}))


IN_STATE = {
    "in a resource of the stack's module": {"child_modules": [{"resources": [
        {"mode": "managed", "values": {"p": SECRET}, "sensitive_values": {"p": True}}]}]},
    "in a resource of the root module": {"resources": [
        {"mode": "managed", "values": {"p": [SECRET]}, "sensitive_values": {"p": [True]}}]},
}  # fmt: skip


@pytest.mark.parametrize("module", IN_STATE.values(), ids=IN_STATE.keys())
def test_secret_of_undrifted_resource_is_redacted(module: dict[str, Any]) -> None:
    state = {"prior_state": {"values": {"root_module": module}}}
    raw = drifted("update", {"q": "x"}, {"q": SECRET})
    assert read(raw, **state) == (found(Action.UPDATE, ("q", "x", HIDDEN)),)


def test_secret_setting_is_redacted() -> None:
    raw = drifted("update", {"q": "x"}, {"q": SECRET})
    assert read(raw, variables={"p": {"value": SECRET}}) == (found(Action.UPDATE, ("q", "x", HIDDEN)),)


nothing: st.SearchStrategy[object] = st.sampled_from([None, "", {}, []])
values = st.recursive(
    st.one_of(st.sampled_from(["s1", 1, 0, True, False]), nothing),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)


def emptied(data: st.DataObject, value: object, empty: st.SearchStrategy[object] = nothing) -> object:
    """Replace every empty value by another one. In a list `{}` is a block: it stays, and nothing else becomes one."""
    match value:
        case dict() if value:
            return {key: emptied(data, item) for key, item in value.items()}
        case list() if value:
            return [item if item == {} else emptied(data, item, st.sampled_from([None, "", []])) for item in value]
        case None | "" | {} | []:
            return data.draw(empty)
        case _:
            return value


@given(st.data(), st.dictionaries(st.sampled_from("abc"), values))
def test_null_and_empty_values_are_no_drift(data: st.DataObject, before: dict[str, Any]) -> None:
    marks = data.draw(st.sampled_from([{}, {"a": True}, {"b": {"a": True}}]))
    raw = drifted("update", before, emptied(data, before), before_sensitive=marks, after_sensitive=marks)
    assert read(raw) == ()


@given(st.dictionaries(st.sampled_from("abc"), values), st.sampled_from("abc"))
def test_changed_value_is_drift(before: dict[str, Any], key: str) -> None:
    raw = drifted("update", before, {**before, key: "s2"})
    (change,) = read(raw)
    assert (key, "s2") in [(each.path, each.after) for each in change.attributes]
