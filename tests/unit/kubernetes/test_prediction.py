"""What an apply would do, without the server."""

from typing import Any

import pytest

from envctl.domain.kubernetes.fields.differences import find_differences
from envctl.domain.kubernetes.fields.paths import format_path
from envctl.domain.kubernetes.fields.prediction import is_same_quantity, list_replacements, predict_apply
from envctl.domain.kubernetes.objects import clean_object
from tests.unit.kubernetes.manifests import MANAGER, build_config_map, build_deployment, make_live, own

OWNED: dict[str, Any] = {"f:data": {"f:a": {}, "f:b": {}}}
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, Any, Any]]]] = {
    "nothing": (make_live(build_config_map(a="1"), own(OWNED)), build_config_map(a="1"), []),
    "a new value": (make_live(build_config_map(a="1")), build_config_map(a="2"), [("data.a", "1", "2")]),
    "a field that was ours": (
        make_live(build_config_map(a="1", b="2"), own(OWNED)),
        build_config_map(a="1"),
        [("data.b", "2", None)],
    ),
    "a field of someone else": (
        make_live(build_config_map(a="1", b="2"), own(OWNED, "other")),
        build_config_map(a="1"),
        [],
    ),
    "a field of an earlier tool": (
        make_live(build_config_map(a="1", b="2"), own(OWNED, "kubectl")),
        build_config_map(a="1"),
        [("data.b", "2", None)],
    ),
}


@pytest.mark.parametrize(("live", "desired", "found"), CASES.values(), ids=CASES.keys())
def test_apply_is_predicted(live: dict[str, Any], desired: dict[str, Any], found: list[tuple[str, Any, Any]]) -> None:
    predicted = predict_apply(live, desired, MANAGER)
    differences = find_differences(clean_object(live), clean_object(predicted))
    assert [(format_path(each.path), each.before, each.after) for each in differences] == found


def test_defaults_of_the_server_stay() -> None:
    live = make_live(build_deployment(progressDeadlineSeconds=600))
    container = live["spec"]["template"]["spec"]["containers"][0]
    container |= {"imagePullPolicy": "Always", "resources": {"limits": {"cpu": "500m"}}}
    desired = build_deployment()
    desired["spec"]["template"]["spec"]["containers"][0]["resources"] = {"limits": {"cpu": 0.5}}
    assert clean_object(predict_apply(live, desired, MANAGER)) == clean_object(live)


def test_replacements_leave_what_the_server_keeps() -> None:
    live = make_live(build_config_map(a="1"), ready=True)
    wanted = {**build_config_map(), "binaryData": {"b": "Mg=="}}
    wanted["metadata"]["labels"] = {"x": "y"}
    del wanted["data"]
    assert list_replacements(live, wanted) == [
        {"op": "add", "path": "/metadata/labels", "value": {"x": "y"}},
        {"op": "add", "path": "/binaryData", "value": {"b": "Mg=="}},
        {"op": "remove", "path": "/data"},
    ]


@pytest.mark.parametrize(
    ("one", "other"), [("0.5", "500m"), (1, "1"), ("1Gi", "1024Mi"), ("1e3", "1k"), ("2000m", 2), ("a", "a")]
)
def test_same_quantities_in_another_spelling(one: object, other: object) -> None:
    assert is_same_quantity(one, other)


@pytest.mark.parametrize(("one", "other"), [("1G", "1Gi"), ("1", "2"), ("a", "b"), (True, 1), ("m", "0"), (None, 0)])
def test_other_quantities(one: object, other: object) -> None:
    assert not is_same_quantity(one, other)
