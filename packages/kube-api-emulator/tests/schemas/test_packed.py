"""The packed types of Kubernetes' own kinds."""

import pytest

from kube_api_emulator.schemas.packed import list_versions, load_schemas


def test_packed_versions_are_these() -> None:
    assert list_versions() == ("1.34", "1.35", "1.36", "1.37")


def test_each_version_has_the_kinds_of_workloads() -> None:
    for version in list_versions():
        schemas = load_schemas(version)
        assert schemas.version == version
        assert schemas.find("apps", "v1", "Deployment") is not None
        assert schemas.find("", "v1", "ConfigMap") is not None


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [("", "1.37"), ("1.35", "1.35"), ("v1.35.4-eks-7abc", "1.35"), ("1.28", "1.34"), ("1.40", "1.37"),
     ("unknown", "1.37")],
)  # fmt: skip
def test_nearest_version_is_chosen(wanted: str, chosen: str) -> None:
    assert load_schemas(wanted).version == chosen


def test_lists_of_containers_merge_by_name() -> None:
    schemas = load_schemas()
    schema = schemas.find("", "v1", "Pod") or {}
    for name in ("spec", "containers"):
        schema = schemas.get_field(schema, name) or {}
    assert schemas.get_list_type(schema) == "map"
    assert schemas.get_list_keys(schema) == ("name",)
    ports = schemas.get_field(schemas.get_items(schema), "ports") or {}
    assert schemas.get_key_values(ports, {"containerPort": 80}) == {"containerPort": 80, "protocol": "TCP"}
