"""What is refused in rendered objects, and which images they start."""

from typing import Any

import pytest

from envctl.domain.kubernetes.manifests.image_pins import find_pins_file, merge_entries, pin_images
from envctl.domain.kubernetes.manifests.manifest_checks import (
    find_differences,
    find_malformed,
    find_secret_values,
    flatten_lists,
    list_images,
    redact_secrets,
)
from tests.unit.kubernetes.manifests import build_config_map, build_deployment


def build(kind: str, spec: dict[str, Any], group: str = "example.com/v1") -> dict[str, Any]:
    return {"apiVersion": group, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


POD = {
    "containers": [{"image": "a:1"}],
    "initContainers": [{"image": "b:1"}],
    "ephemeralContainers": [{"image": "c:1"}],
}


@pytest.mark.parametrize(
    ("manifest", "images"),
    [
        (build("Pod", POD, "v1"), ("a:1", "b:1", "c:1")),
        (build("CronJob", {"jobTemplate": {"spec": {"template": {"spec": POD}}}}, "batch/v1"), ("a:1", "b:1", "c:1")),
        (build("Rollout", {"template": {"spec": POD}}), ("a:1", "b:1", "c:1")),
        (build("Pod", {"volumes": [{"image": {"reference": "d:1"}}, {"emptyDir": {}}]}, "v1"), ("d:1",)),
        (build("Thing", {"containers": "none", "volumes": 3}), ()),
        (build("CustomResourceDefinition", POD, "apiextensions.k8s.io/v1"), ()),
    ],
    ids=["a pod", "a job of a schedule", "a custom kind", "a volume", "other fields of that name", "a definition"],
)
def test_images_are_found_in_pods(manifest: dict[str, Any], images: tuple[str, ...]) -> None:
    assert list_images([manifest]) == images


def test_only_the_exact_reference_gets_a_digest() -> None:
    pinned = pin_images(build("Pod", POD, "v1"), {"a:1": "sha256:x"})
    assert list_images([pinned]) == ("a:1@sha256:x", "b:1", "c:1")


def test_entry_of_a_renamed_image_keeps_its_name() -> None:
    entries = [{"name": "nginx", "newName": "mirror/nginx", "newTag": "1"}, {"name": "nginx"}]
    assert merge_entries(entries, "mirror/nginx", "1", "sha256:x")[0] == {
        "name": "nginx", "newName": "mirror/nginx", "newTag": "1", "digest": "sha256:x",
    }  # fmt: skip


def test_digests_lie_beside_the_chart() -> None:
    assert find_pins_file("charts/a-1.0.0.tgz") == "charts/a-1.0.0.images.yaml"
    assert find_pins_file("charts/a") == "charts/a.images.yaml"


def test_objects_of_nested_lists_come_alone() -> None:
    inner = {"kind": "ConfigMapList", "items": [build_config_map()]}
    assert list(flatten_lists([{"kind": "List", "items": [inner]}, None])) == [build_config_map()]


@pytest.mark.parametrize("broken", [[], "text", {"kind": "A"}, {"apiVersion": "v1", "kind": "A", "metadata": "x"}])
def test_malformed_object_is_a_problem(broken: object) -> None:
    assert [each.code for each in find_malformed([broken], lambda _: None)] == ["E609"]


def test_secret_shows_its_keys_alone() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"key": "aHVzaA=="}}
    (problem,) = find_secret_values([secret], lambda _: None)
    assert "key" in problem.message
    assert "aHVzaA==" not in problem.message
    assert redact_secrets(secret)["data"] == {"key": "(sensitive)"}
    assert redact_secrets(build_config_map(a="b"))["data"] == {"a": "b"}


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ([build_config_map(a="1")], [build_config_map(a="2")], "data.a changes each time"),
        ([build_config_map("a")], [build_config_map("b")], "has a random name"),
        ([build_deployment(list=[{"x": 1}])], [build_deployment(list=[{"x": 2}])], "spec.list[0].x changes"),
    ],
    ids=["a value", "a name", "an item of a list"],
)
def test_two_renderings_show_what_changes(one: list[Any], other: list[Any], words: str) -> None:
    assert any(words in each.message for each in find_differences(one, other))
    assert not list(find_differences(one, one))
