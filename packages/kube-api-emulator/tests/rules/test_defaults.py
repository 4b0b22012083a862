"""Defaults of kube-apiserver that no recorded answer has, and what it keeps of a body."""

import copy
from typing import Any

import pytest

from kube_api_emulator.schemas.packed import load_go_types, load_schemas
from kube_api_emulator.schemas.schemas import Schema, Schemas, read_custom_kinds
from kube_api_emulator.server.rules.defaults import set_custom_defaults, set_defaults
from kube_api_emulator.server.rules.go.go_types import GoTypes
from kube_api_emulator.server.rules.go.go_values import convert_to_go, drop_nulls

Object = dict[str, Any]

SCHEMAS = load_schemas()
TYPES = GoTypes(load_go_types(SCHEMAS.version))


def complete(api_version: str, kind: str, content: Object) -> Object:
    group, _, version = api_version.rpartition("/")
    schema = SCHEMAS.find(group, version, kind)
    assert schema is not None
    item = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}} | copy.deepcopy(content)
    convert_to_go(TYPES, SCHEMAS, schema, item)
    set_defaults(TYPES, SCHEMAS, schema, item)
    return item


def pod(**spec: object) -> Object:
    found: Object = complete("v1", "Pod", {"spec": {"containers": [{"name": "a", "image": "b"}], **spec}})["spec"]
    return found


def test_webhook_has_its_defaults() -> None:
    hook = {"name": "a.example.com", "clientConfig": {"service": {"name": "s", "namespace": "n"}}, "rules": [{}]}
    item = complete("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", {"webhooks": [hook]})
    found = item["webhooks"][0]
    assert found["clientConfig"]["service"]["port"] == 443
    assert found["rules"][0]["scope"] == "*"
    assert (found["failurePolicy"], found["reinvocationPolicy"], found["timeoutSeconds"]) == ("Fail", "Never", 10)


def test_limit_range_completes_its_requests() -> None:
    limit = {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}, "default": {"memory": "1Gi"}}
    found = complete("v1", "LimitRange", {"spec": {"limits": [limit]}})["spec"]["limits"][0]
    assert found["default"] == {"cpu": "2", "memory": "1Gi"}
    assert found["defaultRequest"] == {"cpu": "2", "memory": "1Gi"}


def test_autoscaler_without_metrics_watches_the_processor() -> None:
    spec = complete("autoscaling/v2", "HorizontalPodAutoscaler", {"spec": {"behavior": {}}})["spec"]
    assert spec["metrics"][0]["resource"]["target"] == {"type": "Utilization", "averageUtilization": 80}
    assert spec["behavior"]["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert spec["behavior"]["scaleDown"]["policies"] == [{"type": "Percent", "value": 100, "periodSeconds": 15}]


def test_limits_of_a_pod_are_its_requests() -> None:
    limited = {
        "name": "a",
        "image": "b",
        "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "0.5"}},
    }
    assert pod(containers=[limited])["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}


def test_host_network_opens_the_ports_of_the_host() -> None:
    served = {"name": "a", "image": "b", "ports": [{"containerPort": 80}]}
    assert pod(containers=[served], hostNetwork=True)["containers"][0]["ports"][0]["hostPort"] == 80


@pytest.mark.parametrize(
    ("image", "policy"),
    [("a", "Always"), ("a:latest", "Always"), ("a:1", "IfNotPresent"), ("r:5000/a", "Always"),
     ("a@sha256:0", "IfNotPresent"), ("a:latest@sha256:0", "IfNotPresent"),
     ("a:latest@sha256:" + "0" * 64, "Always"), ("a:1@sha256:0", "IfNotPresent")],
)  # fmt: skip
def test_pull_policy_depends_on_the_tag(image: str, policy: str) -> None:
    assert pod(containers=[{"name": "a", "image": image}])["containers"][0]["imagePullPolicy"] == policy


def test_service_account_has_two_names() -> None:
    assert pod(serviceAccountName="x")["serviceAccount"] == "x"
    assert pod(serviceAccount="x")["serviceAccountName"] == "x"


def test_other_sources_of_volumes_have_their_modes() -> None:
    token = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}
    found = pod(volumes=[token, {"name": "h", "hostPath": {"path": "/"}}, {"name": "e"}])["volumes"]
    assert found[0]["projected"]["defaultMode"] == 420
    assert found[0]["projected"]["sources"][0]["serviceAccountToken"]["expirationSeconds"] == 3600
    assert found[1]["hostPath"]["type"] == ""
    assert found[2] == {"name": "e", "emptyDir": {}}


def test_strategy_without_rolling_update_gets_none() -> None:
    spec = complete("apps/v1", "Deployment", {"spec": {"strategy": {"type": "Recreate"}}})["spec"]
    assert spec["strategy"] == {"type": "Recreate"}


def test_text_of_a_secret_becomes_its_data() -> None:
    item = complete("v1", "Secret", {"data": {"a": "MQ=="}, "stringData": {"b": "2"}})
    assert (item["data"], item["type"], "stringData" in item) == ({"a": "MQ==", "b": "Mg=="}, "Opaque", False)


def test_empty_values_are_left_out() -> None:
    spec = pod(hostNetwork=False, nodeSelector={}, hostAliases=[], priorityClassName="", hostUsers=False, overhead=None)
    assert not {"hostNetwork", "nodeSelector", "hostAliases", "priorityClassName", "overhead"} & spec.keys()
    assert spec["hostUsers"] is False


def test_null_in_a_map_of_texts_is_empty() -> None:
    assert complete("v1", "ConfigMap", {"data": {"a": None, "b": "1"}})["data"] == {"a": "", "b": "1"}


CRD: Schema = {
    "spec": {
        "group": "example.com",
        "names": {"kind": "Store"},
        "versions": [
            {
                "name": "v1",
                "schema": {
                    "openAPIV3Schema": {
                        "properties": {
                            "spec": {
                                "type": "object",
                                "properties": {
                                    "size": {"type": "integer", "default": 3},
                                    "name": {"type": "string", "nullable": True},
                                    "list": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "properties": {"on": {"type": "boolean", "default": True}},
                                        },
                                    },
                                },
                            }
                        }
                    }
                },
            }
        ],
    }
}


def test_custom_resource_has_the_defaults_of_its_schema() -> None:
    schemas: Schemas = SCHEMAS.add_custom_kinds([CRD])
    schema = schemas.find("example.com", "v1", "Store")
    assert schema is not None
    assert [key for key, _ in read_custom_kinds(CRD)] == [("example.com", "v1", "Store")]
    item = drop_nulls(schemas, schema, {"spec": {"size": None, "name": None, "list": [{}, {"on": False}]}})
    set_custom_defaults(schemas, schema, item)
    assert item == {"spec": {"size": 3, "name": None, "list": [{"on": True}, {"on": False}]}}
