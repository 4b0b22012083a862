"""Which fields of two objects differ."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.kubernetes.fields.differences import find_differences, list_fields
from envctl.domain.kubernetes.fields.paths import format_path

A, B = {"name": "a", "v": 1}, {"name": "b", "v": 2}
CASES: dict[str, tuple[Any, Any, list[tuple[str, Any, Any]]]] = {
    "a value": ({"x": {"y": 1}}, {"x": {"y": 2}}, [("x.y", 1, 2)]),
    "true is not one": ({"x": True}, {"x": 1}, [("x", True, 1)]),
    "a key that needs quotes": ({"a.b/c": "1"}, {"a.b/c": "2"}, [('["a.b/c"]', "1", "2")]),
    "a map that comes": ({}, {"x": {"y": 1, "z": 2}}, [("x.y", None, 1), ("x.z", None, 2)]),
    "a map that goes": ({"x": {"y": 1}}, {}, [("x.y", 1, None)]),
    "an empty map that comes": ({}, {"x": {}}, [("x", None, {})]),
    "an item by its name": ({"l": [A, B]}, {"l": [A, {**B, "v": 3}]}, [("l[b].v", 2, 3)]),
    "an item that comes": ({"l": [A]}, {"l": [A, B]}, [("l[b].name", None, "b"), ("l[b].v", None, 2)]),
    "items in another order": ({"l": [A, B]}, {"l": [B, A]}, [("l", ["a", "b"], ["b", "a"])]),
    "an item that comes first, and no other order": (
        {"l": [B]},
        {"l": [A, B]},
        [("l[a].name", None, "a"), ("l[a].v", None, 1)],
    ),
    "an item by port and protocol": (
        {"l": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP", "x": 1}]},
        {"l": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP", "x": 2}]},
        [("l[80,UDP].x", 1, 2)],
    ),
    "a list of texts as a whole": ({"args": ["a", "b"]}, {"args": ["a"]}, [("args", ["a", "b"], ["a"])]),
    "items with the same name as a whole": ({"l": [A, A]}, {"l": [A]}, [("l", [A, A], [A])]),
    "another type of value": ({"x": [1]}, {"x": "1"}, [("x", [1], "1")]),
}


@pytest.mark.parametrize(("before", "after", "found"), CASES.values(), ids=CASES.keys())
def test_differences_are_found(before: Any, after: Any, found: list[tuple[str, Any, Any]]) -> None:
    assert [(format_path(d.path), d.before, d.after) for d in find_differences(before, after)] == found


values = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x", "y"]), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_same_objects_have_no_difference(value: Any) -> None:
    assert list(find_differences({"spec": value}, {"spec": value})) == []


@given(values, values)
def test_different_objects_have_a_difference(before: Any, after: Any) -> None:
    found = list(find_differences({"spec": before}, {"spec": after}))
    assert bool(found) == (repr(_sort(before)) != repr(_sort(after)))


@given(values, values)
def test_way_back_has_the_same_paths(before: Any, after: Any) -> None:
    there = {format_path(each.path) for each in find_differences({"spec": before}, {"spec": after})}
    assert there == {format_path(each.path) for each in find_differences({"spec": after}, {"spec": before})}


@given(values)
def test_each_field_is_listed_once(value: Any) -> None:
    paths = [path for path, _ in list_fields({"spec": value})]
    assert len(paths) == len(set(paths))


def _sort(value: Any) -> Any:
    """Return the value with its keys in order: that of a map is no difference."""
    if isinstance(value, dict):
        return {key: _sort(value[key]) for key in sorted(value)}
    return [_sort(each) for each in value] if isinstance(value, list) else value
