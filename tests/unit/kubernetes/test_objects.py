"""What an object is found by, and what of it was configured."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.kubernetes.objects import clean_object, find_owner, identify, is_kept, list_defined_types
from tests.unit.kubernetes.manifests import build_config_map, build_deployment, build_object, make_live

NAMES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an object of a group": (build_deployment(), "Deployment.apps/shop/web", "Deployment.apps"),
    "an object of the core group": (build_config_map(), "ConfigMap/shop/app", "ConfigMap"),
    "an object of the whole cluster": (
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
        "Namespace/shop",
        "Namespace",
    ),
    "a custom resource": (
        build_object("Widget", "example.com/v1beta1", "w"),
        "Widget.example.com/shop/w",
        "Widget.example.com",
    ),
}


@pytest.mark.parametrize(("manifest", "address", "type_name"), NAMES.values(), ids=NAMES.keys())
def test_object_has_an_address_and_a_type(manifest: dict[str, Any], address: str, type_name: str) -> None:
    assert (str(identify(manifest)), identify(manifest).type) == (address, type_name)


def test_version_is_no_part_of_an_identity() -> None:
    assert identify(build_object("Widget", "example.com/v1")) == identify(build_object("Widget", "example.com/v2"))


def test_parts_of_the_server_are_cleaned_away() -> None:
    live = make_live(build_deployment(), readyReplicas=1)
    live["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "3"}
    assert clean_object(live) == build_deployment()


def test_annotations_of_people_are_kept() -> None:
    live = make_live(build_config_map())
    live["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "{}", "owner": "me"}
    assert clean_object(live)["metadata"]["annotations"] == {"owner": "me"}


@given(st.dictionaries(st.text(), st.text() | st.integers()))
def test_cleaning_twice_changes_nothing_more(data: dict[str, Any]) -> None:
    live = make_live({**build_config_map(), "data": data})
    assert clean_object(clean_object(live)) == clean_object(live)


def test_owner_is_the_label() -> None:
    assert find_owner(build_deployment()) == "shop-web"
    assert find_owner(build_config_map()) == ""


@pytest.mark.parametrize(("text", "kept"), [("false", True), ("False", True), ("true", False), ("", False)])
def test_annotation_keeps_an_object(text: str, kept: bool) -> None:
    live = build_config_map()
    live["metadata"]["annotations"] = {"envctl.dev/prune": text}
    assert is_kept(live) is kept


def test_definitions_bring_their_types() -> None:
    spec = {"group": "example.com", "names": {"kind": "Widget"}}
    definition = build_object("CustomResourceDefinition", "apiextensions.k8s.io/v1", spec=spec)
    assert list_defined_types([definition, build_config_map()]) == {"Widget.example.com"}
