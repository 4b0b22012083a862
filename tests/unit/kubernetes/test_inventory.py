"""The inventory of a stack, as the cluster keeps it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.kubernetes.inventory import Inventory, MalformedInventoryError
from envctl.domain.kubernetes.objects import ObjectIdentity, identify
from envctl.domain.kubernetes.workload import ClusterReference, Workload
from tests.unit.kubernetes.manifests import build_deployment

WORKLOAD = Workload(owner="shop.dev.web", path="kubernetes/web", cluster=ClusterReference("c"), namespace="shop")
texts = st.text(min_size=1)
inventories = st.dictionaries(st.builds(ObjectIdentity, st.text(), texts, st.text(), texts), texts).map(
    lambda objects: Inventory(objects, exists=True, environment="dev")
)


@given(inventories)
def test_inventory_is_read_as_it_was_written(inventory: Inventory) -> None:
    assert Inventory.parse(inventory.to_config_map(WORKLOAD)) == inventory


@given(inventories, inventories)
def test_merged_inventory_has_the_objects_of_both(one: Inventory, other: Inventory) -> None:
    assert one.merge(other).objects.keys() == one.objects.keys() | other.objects.keys()


@given(inventories)
def test_same_objects_have_the_same_text(inventory: Inventory) -> None:
    turned = Inventory(dict(reversed(list(inventory.objects.items()))), exists=True, environment="dev")
    assert turned.to_json() == inventory.to_json()


def test_missing_inventory_does_not_exist() -> None:
    assert not Inventory.parse(None).exists


def test_inventory_names_its_owner() -> None:
    config_map = Inventory.from_objects([build_deployment()]).to_config_map(WORKLOAD)
    assert config_map["metadata"]["name"] == "envctl-shop.dev.web"
    assert config_map["metadata"]["labels"] == {"envctl.dev/stack": "shop.dev.web"}


def test_versions_of_objects_are_kept() -> None:
    inventory = Inventory.from_objects([build_deployment()])
    assert dict(inventory.objects) == {identify(build_deployment()): "apps/v1"}


BAD: dict[str, dict[str, Any]] = {
    "no data": {"metadata": {}},
    "no JSON": {"data": {"inventory.json": "{"}},
    "another document": {"data": {"inventory.json": "[]"}},
    "another format": {"data": {"inventory.json": '{"format": 2, "objects": []}'}},
    "half an object": {"data": {"inventory.json": '{"format": 1, "objects": [{"kind": "Pod"}]}'}},
}


@pytest.mark.parametrize("config_map", BAD.values(), ids=BAD.keys())
def test_damaged_inventory_is_refused(config_map: dict[str, Any]) -> None:
    with pytest.raises(MalformedInventoryError):
        Inventory.parse(config_map)
