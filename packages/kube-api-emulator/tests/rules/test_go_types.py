"""What the server writes for fields without a value (staging/src/k8s.io/api/*/v1/types.go)."""

import copy
from typing import Any

import pytest

from kube_api_emulator.schemas.packed import list_versions, load_go_types, load_schemas
from kube_api_emulator.server.rules.go.go_types import GoTypes
from kube_api_emulator.server.rules.go.go_values import convert_to_go

Object = dict[str, Any]


def convert(kind: str, api_version: str, content: Object, version: str = "1.36") -> Object:
    schemas = load_schemas(version)
    group, _, name = api_version.rpartition("/")
    schema = schemas.find(group, name, kind)
    assert schema is not None
    item = copy.deepcopy(content)
    convert_to_go(GoTypes(load_go_types(version)), schemas, schema, item)
    return item


@pytest.mark.parametrize("version", list_versions())
def test_structs_are_written_without_content(version: str) -> None:
    found = convert("Deployment", "apps/v1", {}, version)
    template = {"metadata": {}, "spec": {"containers": None}}
    assert found["spec"] == {"selector": None, "template": template, "strategy": {}} | found["spec"]
    assert found["spec"]["template"] == template


def test_empty_text_is_left_out_unless_pointer() -> None:
    spec = {"clusterIP": "", "loadBalancerClass": "", "ports": []}
    assert convert("Service", "v1", {"spec": spec})["spec"] == {"loadBalancerClass": ""}


def test_number_without_value_is_written() -> None:
    assert convert("PriorityClass", "scheduling.k8s.io/v1", {})["value"] == 0
    found = convert("Service", "v1", {"spec": {"ports": [{"port": 80}]}})
    assert found["spec"]["ports"] == [{"port": 80, "targetPort": 0}]


def test_false_is_left_out_unless_pointer() -> None:
    pod = {"hostNetwork": False, "automountServiceAccountToken": False, "containers": []}
    found = convert("Pod", "v1", {"spec": pod})["spec"]
    assert found == {"automountServiceAccountToken": False, "containers": []}


def test_amounts_are_rounded_up_to_thousandths() -> None:
    limits = {"cpu": "0.1m", "memory": "1024Mi"}
    container = {"name": "a", "resources": {"limits": limits}}
    found = convert("Pod", "v1", {"spec": {"containers": [container]}})["spec"]["containers"][0]
    assert found["resources"] == {"limits": {"cpu": "1m", "memory": "1Gi"}}
