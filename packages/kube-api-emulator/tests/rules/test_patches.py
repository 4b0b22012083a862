"""JSON patch, merge patch and strategic merge patch."""

from typing import Any

import pytest

from kube_api_emulator.schemas.packed import load_schemas
from kube_api_emulator.server.rules.content_errors import ContentError
from kube_api_emulator.server.rules.patches import StrategicPatch, apply_json_patch, apply_merge_patch

SCHEMAS = load_schemas()
POD_SPEC = {"$ref": "#/$defs/io.k8s.api.core.v1.PodSpec"}


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        ([{"op": "add", "path": "/a/-", "value": 3}], {"a": [1, 2, 3], "b": {"c/d": 1}}),
        ([{"op": "add", "path": "/a/0", "value": 0}], {"a": [0, 1, 2], "b": {"c/d": 1}}),
        ([{"op": "remove", "path": "/b/c~1d"}], {"a": [1, 2], "b": {}}),
        ([{"op": "replace", "path": "/a", "value": "x"}], {"a": "x", "b": {"c/d": 1}}),
        ([{"op": "copy", "from": "/a", "path": "/c"}], {"a": [1, 2], "b": {"c/d": 1}, "c": [1, 2]}),
        ([{"op": "move", "from": "/a", "path": "/b/a"}], {"b": {"c/d": 1, "a": [1, 2]}}),
        ([{"op": "test", "path": "/a/1", "value": 2}], {"a": [1, 2], "b": {"c/d": 1}}),
        ([{"op": "test", "path": "/none", "value": None}], {"a": [1, 2], "b": {"c/d": 1}}),
    ],
)
def test_json_patch_makes_its_operations(patch: list[Any], result: dict[str, Any]) -> None:
    target = {"a": [1, 2], "b": {"c/d": 1}}
    assert apply_json_patch(target, patch) == result
    assert target == {"a": [1, 2], "b": {"c/d": 1}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a/0", "value": 9}, {"op": "remove", "path": "/none"}, {"op": "jump", "path": "/a"},
        {"op": "replace", "path": "/a/9", "value": 1}, {"op": "add", "path": "/a/9", "value": 1}, {"op": "add"},
        {"op": "add", "path": "/none/x", "value": 1}, {"op": "remove", "path": ""}, {"op": "test", "path": "/a/x"},
        {"op": "test", "path": "/a/0", "value": True},
    ],
)  # fmt: skip
def test_json_patch_that_cannot_be_made_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(ContentError) as caught:
        apply_json_patch({"a": [1]}, [operation])
    assert caught.value.code == 422


def test_merge_patch_removes_what_is_null() -> None:
    assert apply_merge_patch({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": None, "x": 1}, "d": [2]}) == {
        "a": {"c": 2, "x": 1},
        "d": [2],
    }


def patch_spec(live: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    patched: dict[str, Any] = StrategicPatch(SCHEMAS).apply(POD_SPEC, live, patch)
    return patched


def names(items: list[dict[str, Any]]) -> list[str]:
    return [item["name"] for item in items]


LIVE = {
    "containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "1"}],
    "tolerations": [{"key": "t"}],
    "volumes": [{"name": "v", "emptyDir": {}}],
}


def test_items_merge_by_their_key() -> None:
    patched = patch_spec(LIVE, {"containers": [{"name": "b", "image": "2"}]})
    assert [(each["name"], each["image"]) for each in patched["containers"]] == [("a", "1"), ("b", "2")]
    assert patched["containers"][0]["env"] == [{"name": "X", "value": "1"}]


def test_new_items_come_first() -> None:
    assert names(patch_spec(LIVE, {"containers": [{"name": "c", "image": "3"}]})["containers"]) == ["c", "a", "b"]


def test_order_of_items_is_that_of_the_patch() -> None:
    order = [{"name": "b"}, {"name": "a"}]
    assert names(patch_spec(LIVE, {"$setElementOrder/containers": order})["containers"]) == ["b", "a"]


def test_directives_delete_and_replace() -> None:
    deleted = patch_spec(LIVE, {"containers": [{"name": "a", "$patch": "delete"}]})
    assert names(deleted["containers"]) == ["b"]
    replaced = patch_spec(LIVE, {"containers": [{"$patch": "replace"}, {"name": "z", "image": "9"}]})
    assert names(replaced["containers"]) == ["z"]
    kept = patch_spec(
        LIVE, {"volumes": [{"name": "v", "$retainKeys": ["name", "configMap"], "configMap": {"name": "c"}}]}
    )
    assert kept["volumes"] == [{"name": "v", "configMap": {"name": "c"}}]


def test_lists_without_key_are_replaced() -> None:
    assert patch_spec(LIVE, {"tolerations": [{"key": "u"}]})["tolerations"] == [{"key": "u"}]


def test_item_without_its_key_is_refused() -> None:
    with pytest.raises(ContentError, match="does not contain declared merge key: name"):
        patch_spec(LIVE, {"containers": [{"image": "2"}]})
