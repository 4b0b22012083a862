"""Fields that no update can change. The rules stand in pkg/apis/*/validation/validation.go of Kubernetes."""

import json
from typing import Any

import pytest

from tests.requests.sending import Sender, list_causes

INVALID, FORBIDDEN, REQUIRED = "FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired"
POD = {"containers": [{"name": "a", "image": "a"}]}
ONCE = {**POD, "restartPolicy": "Never"}
APP = {"matchLabels": {"app": "a"}}
TEMPLATE = {"metadata": {"labels": {"app": "a", "b": "b"}}, "spec": POD}
CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "x"}
SCHEMA = {"openAPIV3Schema": {"type": "object"}}
DEFINITION = {
    "group": "a.io",
    "scope": "Namespaced",
    "names": {"plural": "things", "kind": "Thing"},
    "versions": [{"name": "v1", "served": True, "storage": True, "schema": SCHEMA}],
}
PLACES = {
    "ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    "ConfigMap": "/api/v1/namespaces/default/configmaps",
    "ResourceQuota": "/api/v1/namespaces/default/resourcequotas",
    "ControllerRevision": "/apis/apps/v1/namespaces/default/controllerrevisions",
    "CSIDriver": "/apis/storage.k8s.io/v1/csidrivers",
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "DaemonSet": "/apis/apps/v1/namespaces/default/daemonsets",
    "Deployment": "/apis/apps/v1/namespaces/default/deployments",
    "EndpointSlice": "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices",
    "IngressClass": "/apis/networking.k8s.io/v1/ingressclasses",
    "Job": "/apis/batch/v1/namespaces/default/jobs",
    "PersistentVolume": "/api/v1/persistentvolumes",
    "PersistentVolumeClaim": "/api/v1/namespaces/default/persistentvolumeclaims",
    "Pod": "/api/v1/namespaces/default/pods",
    "PriorityClass": "/apis/scheduling.k8s.io/v1/priorityclasses",
    "ReplicaSet": "/apis/apps/v1/namespaces/default/replicasets",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings",
    "RuntimeClass": "/apis/node.k8s.io/v1/runtimeclasses",
    "Secret": "/api/v1/namespaces/default/secrets",
    "Service": "/api/v1/namespaces/default/services",
    "StatefulSet": "/apis/apps/v1/namespaces/default/statefulsets",
    "StorageClass": "/apis/storage.k8s.io/v1/storageclasses",
}
OBJECTS: dict[str, Any] = {
    "ClusterRoleBinding": {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "a"}},
    "ConfigMap": {"data": {"a": "b"}, "immutable": True},
    "ControllerRevision": {"data": {"a": 1}, "revision": 1},
    "CSIDriver": {"spec": {"attachRequired": True, "volumeLifecycleModes": ["Persistent"]}},
    "CustomResourceDefinition": {"metadata": {"name": "things.a.io"}, "spec": DEFINITION},
    "DaemonSet": {"spec": {"selector": APP, "template": TEMPLATE}},
    "Deployment": {"spec": {"selector": APP, "template": TEMPLATE}},
    "EndpointSlice": {"addressType": "IPv4", "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": []},
    "IngressClass": {"spec": {"controller": "a.io/b"}},
    "Job": {"spec": {"completions": 2, "template": {"spec": ONCE}}},
    "Job indexed": {
        "spec": {"completions": 2, "parallelism": 2, "completionMode": "Indexed", "template": {"spec": ONCE}}
    },
    "Job suspended": {"spec": {"suspend": True, "template": {"spec": ONCE}}},
    "PersistentVolume": {
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}
    },
    "PersistentVolumeClaim": {"spec": CLAIM},
    "PersistentVolumeClaim bound": {"spec": {**CLAIM, "volumeName": "v"}},
    "Pod": {"spec": {**POD, "activeDeadlineSeconds": 9, "tolerations": [{"key": "a", "operator": "Exists"}]}},
    "PriorityClass": {"value": 1},
    "ResourceQuota": {"spec": {"hard": {"pods": "1"}, "scopes": ["NotTerminating"]}},
    "ReplicaSet": {"spec": {"selector": APP, "template": TEMPLATE}},
    "RoleBinding": {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}},
    "RuntimeClass": {"handler": "a"},
    "Secret": {"data": {"a": "YQ=="}, "immutable": True},
    "Service": {"spec": {"ports": [{"port": 80}]}},
    "Service headless": {"spec": {"clusterIP": "None", "ports": [{"port": 80}]}},
    "Service balanced": {"spec": {"type": "LoadBalancer", "loadBalancerClass": "a.io/b", "ports": [{"port": 80}]}},
    "StatefulSet": {"spec": {"selector": APP, "template": TEMPLATE, "serviceName": "a"}},
    "StorageClass": {"provisioner": "a.io/b", "parameters": {"a": "b"}},
}
IMMUTABLE = "field is immutable"
FROZEN = "field is immutable when `immutable` is set"
# object, merge patch, causes, what the message contains
CASES: list[tuple[str, Any, list[tuple[str, str]], str]] = [
    ("ClusterRoleBinding", {"roleRef": {"name": "b"}}, [("roleRef", INVALID)], "cannot change roleRef"),
    ("RoleBinding", {"roleRef": {"name": "b"}}, [("roleRef", INVALID)], "cannot change roleRef"),
    ("RoleBinding", {"subjects": [{"kind": "User", "name": "u"}]}, [], ""),
    ("ConfigMap", {"data": {"a": "c"}}, [("data", FORBIDDEN)], FROZEN),
    (
        "ResourceQuota",
        {"spec": {"scopes": None}},
        [("spec.scopes", INVALID)],
        "spec.scopes: Invalid value: null: field",
    ),
    ("ResourceQuota", {"spec": {"hard": {"pods": "2"}}}, [], ""),
    (
        "PersistentVolumeClaim bound",
        {"spec": {"resources": {"limits": {"storage": "2Gi"}}}},
        [("spec", FORBIDDEN)],
        "spec is immutable after creation except resources.requests",
    ),
    ("ConfigMap", {"immutable": False}, [("immutable", FORBIDDEN)], FROZEN),
    ("ConfigMap", {"binaryData": {"x": "YQ=="}}, [("binaryData", FORBIDDEN)], FROZEN),
    ("ConfigMap", {"metadata": {"labels": {"a": "b"}}}, [], ""),
    ("Secret", {"data": {"a": "Yg=="}}, [("data", FORBIDDEN)], FROZEN),
    ("Secret", {"stringData": {"a": "c"}}, [("data", FORBIDDEN)], FROZEN),
    ("Secret", {"immutable": None}, [("immutable", FORBIDDEN)], FROZEN),
    ("Secret", {"type": "x"}, [("type", INVALID)], 'type: Invalid value: "x": field is immutable'),
    ("ControllerRevision", {"data": {"a": 2}}, [("data", INVALID)], IMMUTABLE),
    ("ControllerRevision", {"revision": 2}, [], ""),
    ("CSIDriver", {"spec": {"attachRequired": False}}, [("spec.attachedRequired", INVALID)], IMMUTABLE),
    (
        "CSIDriver",
        {"spec": {"volumeLifecycleModes": ["Ephemeral"]}},
        [("spec.volumeLifecycleModes", INVALID)],
        IMMUTABLE,
    ),
    ("CSIDriver", {"spec": {"requiresRepublish": True}}, [], ""),
    ("CustomResourceDefinition", {"spec": {"scope": "Cluster"}}, [("spec.scope", INVALID)], IMMUTABLE),
    ("CustomResourceDefinition", {"spec": {"names": {"kind": "Else"}}}, [("spec.names.kind", INVALID)], IMMUTABLE),
    (
        "CustomResourceDefinition",
        {"spec": {"group": "b.io"}},
        [("spec.group", INVALID)],
        'spec.group: Invalid value: "b.io": field is immutable',
    ),
    (
        "CustomResourceDefinition",
        {"spec": {"names": {"plural": "stuff"}}},
        [("spec.names.plural", INVALID)],
        IMMUTABLE,
    ),
    ("CustomResourceDefinition", {"spec": {"names": {"shortNames": ["th"]}}}, [], ""),
    *(
        (
            kind,
            {"spec": {"selector": {"matchLabels": {"app": "a", "b": "b"}}}},
            [("spec.selector", INVALID)],
            'spec.selector: Invalid value: {"matchLabels":{"app":"a","b":"b"}}: field is immutable',
        )
        for kind in ("Deployment", "ReplicaSet", "DaemonSet")
    ),
    (
        "Deployment",
        {"spec": {"selector": {"matchLabels": {"app": "x"}}}},
        [("spec.selector", INVALID), ("spec.template.metadata.labels", INVALID)],
        "`selector` does not match template `labels`",
    ),
    (
        "StatefulSet",
        {"spec": {"serviceName": "b"}},
        [("spec", FORBIDDEN)],
        "updates to statefulset spec for fields other",
    ),
    ("StatefulSet", {"spec": {"podManagementPolicy": "Parallel"}}, [("spec", FORBIDDEN)], "are forbidden"),
    ("StatefulSet", {"spec": {"selector": {"matchLabels": {"b": "b"}}}}, [("spec", FORBIDDEN)], "are forbidden"),
    ("StatefulSet", {"spec": {"replicas": 4, "minReadySeconds": 1, "revisionHistoryLimit": 3}}, [], ""),
    ("EndpointSlice", {"addressType": "FQDN", "endpoints": []}, [("addressType", INVALID)], IMMUTABLE),
    ("IngressClass", {"spec": {"controller": "a.io/c"}}, [("spec.controller", INVALID)], IMMUTABLE),
    ("RuntimeClass", {"handler": "b"}, [("handler", INVALID)], 'handler: Invalid value: "b": field is immutable'),
    ("PriorityClass", {"value": 2}, [("value", FORBIDDEN)], "may not be changed in an update."),
    ("PriorityClass", {"preemptionPolicy": "Never"}, [("preemptionPolicy", INVALID)], IMMUTABLE),
    ("PriorityClass", {"description": "x"}, [], ""),
    ("StorageClass", {"parameters": {"a": "c"}}, [("parameters", INVALID)], IMMUTABLE),
    (
        "StorageClass",
        {"provisioner": "b.io/c"},
        [("provisioner", INVALID)],
        'Invalid value: "b.io/c": field is immutable',
    ),
    (
        "StorageClass",
        {"reclaimPolicy": "Retain"},
        [("reclaimPolicy", INVALID)],
        'Invalid value: "Retain": field is immutable',
    ),
    ("StorageClass", {"volumeBindingMode": "WaitForFirstConsumer"}, [("volumeBindingMode", INVALID)], IMMUTABLE),
    ("StorageClass", {"allowVolumeExpansion": True}, [], ""),
    (
        "Job",
        {"spec": {"completions": 3}},
        [("spec.completions", INVALID)],
        "spec.completions: Invalid value: 3: field is immutable",
    ),
    ("Job", {"spec": {"parallelism": 3}}, [], ""),
    (
        "Job",
        {"spec": {"selector": {"matchLabels": {"x": "y"}}}},
        [("spec.selector", INVALID), ("spec.template.metadata.labels", INVALID)] * 2,
        IMMUTABLE,
    ),
    ("Job", {"spec": {"template": {"spec": {"restartPolicy": "OnFailure"}}}}, [("spec.template", INVALID)], IMMUTABLE),
    ("Job", {"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}}, [("spec.template", INVALID)], IMMUTABLE),
    (
        "Job",
        {"spec": {"managedBy": "a.io/b"}},
        [("spec.managedBy", INVALID)],
        'Invalid value: "a.io/b": field is immutable',
    ),
    (
        "Job",
        {"spec": {"completionMode": "Indexed"}},
        [("spec.completionMode", INVALID)],
        'spec.completionMode: Invalid value: "Indexed": field is immutable',
    ),
    ("Job indexed", {"spec": {"backoffLimitPerIndex": 1}}, [("spec.backoffLimitPerIndex", INVALID)], IMMUTABLE),
    (
        "Job indexed",
        {"spec": {"completions": 3}},
        [("spec.completions", INVALID)],
        "spec.completions: Invalid value: 3: can only be modified in tandem with spec.parallelism",
    ),
    ("Job indexed", {"spec": {"completions": 3, "parallelism": 3}}, [], ""),
    (
        "Job indexed",
        {"spec": {"successPolicy": {"rules": [{"succeededCount": 1}]}}},
        [("spec.successPolicy", INVALID)],
        IMMUTABLE,
    ),
    ("Job suspended", {"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}}, [], ""),
    (
        "Job suspended",
        {"spec": {"template": {"spec": {"hostname": "b"}}}},
        [("spec.template.spec", INVALID)],
        IMMUTABLE,
    ),
    (
        "PersistentVolume",
        {"spec": {"hostPath": {"path": "/b"}}},
        [("spec.persistentvolumesource", FORBIDDEN)],
        "spec.persistentvolumesource is immutable after creation",
    ),
    (
        "PersistentVolume",
        {"spec": {"volumeMode": "Block"}},
        [("volumeMode", INVALID)],
        'volumeMode: Invalid value: "Block"',
    ),
    ("PersistentVolume", {"spec": {"capacity": {"storage": "2Gi"}}}, [], ""),
    (
        "PersistentVolumeClaim",
        {"spec": {"storageClassName": "y"}},
        [("spec", FORBIDDEN)],
        "spec is immutable after creation",
    ),
    ("PersistentVolumeClaim", {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}, [("spec", FORBIDDEN)], ""),
    (
        "PersistentVolumeClaim",
        {"spec": {"volumeMode": "Block"}},
        [("spec", FORBIDDEN), ("volumeMode", INVALID)],
        'volumeMode: Invalid value: "Block": field is immutable',
    ),
    ("PersistentVolumeClaim", {"spec": {"volumeName": "w"}}, [], ""),
    ("PersistentVolumeClaim bound", {"spec": {"volumeName": "w"}}, [("spec", FORBIDDEN)], ""),
    ("Pod", {"spec": {"containers": [{"name": "a", "image": "b"}]}}, [], ""),
    (
        "Pod",
        {"spec": {"containers": [{"name": "a", "image": "a", "command": ["x"]}]}},
        [("spec", FORBIDDEN)],
        "pod updates may",
    ),
    (
        "Pod",
        {"spec": {"containers": [{"name": "a", "image": "a"}, {"name": "b", "image": "b"}]}},
        [("spec.containers", FORBIDDEN)],
        "spec.containers: Forbidden: pod updates may not add or remove containers",
    ),
    (
        "Pod",
        {"spec": {"activeDeadlineSeconds": 10}},
        [("spec.activeDeadlineSeconds", INVALID)],
        "Invalid value: 10: must be less than or equal to previous value",
    ),
    ("Pod", {"spec": {"activeDeadlineSeconds": 8}}, [], ""),
    (
        "Pod",
        {"spec": {"activeDeadlineSeconds": None}},
        [("spec.activeDeadlineSeconds", INVALID)],
        "Invalid value: null: must not update from a positive integer to nil value",
    ),
    (
        "Pod",
        {"spec": {"tolerations": []}},
        [("spec.tolerations", FORBIDDEN)],
        "existing toleration can not be modified except its tolerationSeconds",
    ),
    (
        "Pod",
        {"spec": {"nodeSelector": {"a": "b"}}},
        [("spec", FORBIDDEN)],
        "pod updates may not change fields other than",
    ),
    ("Pod", {"metadata": {"labels": {"a": "b"}}}, [], ""),
    (
        "Service headless",
        {"spec": {"clusterIP": "10.96.0.77"}},
        [("spec.ipFamilies[1]", INVALID), ("spec.ipFamilyPolicy", INVALID)],
        "this cluster is not configured for dual-stack services",
    ),
    (
        "Service headless",
        {"spec": {"type": "NodePort"}},
        [("spec.clusterIPs[0]", INVALID)],
        "may not be set to 'None' for NodePort services",
    ),
    (
        "Service balanced",
        {"spec": {"loadBalancerClass": "c"}},
        [("spec.loadBalancerClass", INVALID)],
        "may not change once set",
    ),
    (
        "Service balanced",
        {"spec": {"loadBalancerClass": None}},
        [("spec.loadBalancerClass", INVALID)],
        "may not change once set",
    ),
    (
        "Service",
        {"spec": {"loadBalancerClass": "a.io/b"}},
        [("spec.loadBalancerClass", FORBIDDEN), ("spec.loadBalancerClass", FORBIDDEN)],
        "may only be used when `type` is 'LoadBalancer'",
    ),
    ("Service", {"spec": {"ports": [{"port": 81}], "selector": {"a": "b"}}}, [], ""),
    # apimachinery/pkg/api/validation/objectmeta.go
    (
        "ConfigMap",
        {"metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}},
        [("metadata.deletionTimestamp", INVALID)],
        IMMUTABLE,
    ),
    (
        "ConfigMap",
        {"metadata": {"deletionGracePeriodSeconds": 5}},
        [("metadata.deletionGracePeriodSeconds", INVALID)],
        "Invalid value: 5: field is immutable",
    ),
    ("ConfigMap", {"metadata": {"creationTimestamp": "2026-01-01T00:00:00Z", "generation": 7}}, [], ""),
    ("ConfigMap", {"metadata": {"managedFields": [{"manager": "m", "operation": "Else"}]}}, [], ""),
    (
        "ConfigMap",
        {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "", "uid": "u"}]}},
        # A real server reports it each time that it checks the metadata.
        [("metadata.ownerReferences.name", INVALID)] * 4,
        'metadata.ownerReferences.name: Invalid value: "": must not be empty',
    ),
]


def name_case(case: Any) -> str:
    return f"{case[0]} {json.dumps(case[1])}"[:90] if isinstance(case, tuple) else ""


@pytest.mark.parametrize("case", CASES, ids=name_case)
def test_an_update_can_not_change_some_fields(case: tuple[str, Any, list[tuple[str, str]], str]) -> None:
    named, change, causes, words = case
    item, place, sender = OBJECTS[named], PLACES[named.partition(" ")[0]], Sender()
    item = {**item, "metadata": {"name": "a", **item.get("metadata", {})}}
    created = sender.send("POST", place, item)
    assert created.code == 201, created.body

    answer = sender.send("PATCH", f"{place}/{item['metadata']['name']}", change, "merge")

    message = json.loads(answer.body).get("message", "")
    assert (answer.code, list_causes(answer)) == (422 if causes else 200, sorted(causes)), message
    assert words in message


PUTS: list[tuple[str, Any, Any, str]] = [
    # apiserver/pkg/registry/rest/update.go, and the strategies in pkg/registry
    ("IngressClass", {"spec": {"controller": "a.io/b"}}, 200, ""),
    (
        "CSIDriver",
        {"spec": {}},
        422,
        'csidrivers.storage.k8s.io "a" is invalid: metadata.resourceVersion: Invalid value: ',
    ),
    (
        "RuntimeClass",
        {"handler": "a"},
        422,
        "metadata.resourceVersion: Invalid value: 0: must be specified for an update",
    ),
    ("Job", {"spec": {"template": {"spec": ONCE}}}, 422, "spec.selector: Required value"),
]


@pytest.mark.parametrize("case", PUTS, ids=name_case)
def test_an_update_in_whole_is_checked(case: tuple[str, Any, int, str]) -> None:
    named, item, code, words = case
    place, sender = PLACES[named], Sender()
    sender.send("POST", place, {**OBJECTS[named], "metadata": {"name": "a"}})
    found, message = sender.refuse("PUT", f"{place}/a", {**item, "metadata": {"name": "a"}})
    assert found == code
    assert words in (message or "")


@pytest.mark.parametrize(("kind", "code"), [("RoleBinding", 201), ("Service", 201), ("ConfigMap", 404)])
def test_an_update_creates_objects_of_some_kinds(kind: str, code: int) -> None:
    item = {**OBJECTS[kind], "metadata": {"name": "new"}}
    assert Sender().send("PUT", f"{PLACES[kind]}/new", item).code == code


def test_a_daemon_set_counts_its_templates() -> None:
    sender, place = Sender(), PLACES["DaemonSet"]
    sender.send("POST", place, {**OBJECTS["DaemonSet"], "metadata": {"name": "a"}})
    for count, patch in (
        ("1", {"metadata": {"labels": {"a": "b"}}}),
        ("2", {"spec": {"template": {"spec": {"hostPID": True}}}}),
    ):
        item = json.loads(sender.send("PATCH", f"{place}/a", patch, "merge").body)
        assert item["metadata"]["annotations"]["deprecated.daemonset.template.generation"] == count


def test_allocated_addresses_have_no_owner() -> None:
    sender, place = Sender(), PLACES["Service"]
    item = {**OBJECTS["Service"], "metadata": {"name": "a"}}
    sender.send("POST", place, item)
    updated = json.loads(sender.send("PUT", f"{place}/a", item).body)
    assert updated["spec"]["clusterIP"]
    assert "f:clusterIP" not in updated["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]


def test_a_namespace_without_finalizers_is_gone() -> None:
    sender, place = Sender(), "/api/v1/namespaces/left"
    sender.send("POST", "/api/v1/namespaces", {"metadata": {"name": "left"}})
    sender.send("DELETE", place)
    assert json.loads(sender.send("GET", place).body)["status"]["phase"] == "Terminating"
    answer = sender.send("PUT", f"{place}/finalize", {"metadata": {"name": "left"}, "spec": {"finalizers": []}})
    assert answer.code == 200, answer.body
    assert sender.send("GET", place).code == 404
