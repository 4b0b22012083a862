"""The defaults of kube-apiserver, by the definitions of an object's parts.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apiserver/schema/defaulting/algorithm.go (Default,
isNonNullableNull); k8s.io/kubernetes v1.36.2, pkg/apis/core/v1/zz_generated.defaults.go (RegisterDefaults,
SetObjectDefaults_Pod).
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from kube_api_emulator.schemas.schemas import ANY, Schema, Schemas
from kube_api_emulator.server.rules.go.go_types import GoTypes
from kube_api_emulator.server.rules.kind_defaults import FUNCTIONS, ROOT_FUNCTIONS

Part = dict[str, Any]

_MODE = 0o644
_PREFIXES = (
    "#/$defs/io.k8s.api.",
    "#/$defs/io.k8s.apiextensions-apiserver.pkg.apis.",
    "#/$defs/io.k8s.kube-aggregator.pkg.apis.",
)
_WEBHOOK = {
    "failurePolicy": "Fail",
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "timeoutSeconds": 10,
}
# Defaults that do not depend on other fields, in the order in which the server has them.
_VALUES: Mapping[str, Mapping[str, Any]] = {
    "admissionregistration.v1.MutatingWebhook": {**_WEBHOOK, "reinvocationPolicy": "Never"},
    "admissionregistration.v1.RuleWithOperations": {"scope": "*"},
    "admissionregistration.v1.ServiceReference": {"port": 443},
    "admissionregistration.v1.ValidatingAdmissionPolicySpec": {"failurePolicy": "Fail"},
    "admissionregistration.v1.MatchResources": {
        "matchPolicy": "Equivalent",
        "namespaceSelector": {},
        "objectSelector": {},
    },
    "admissionregistration.v1.NamedRuleWithOperations": {"scope": "*"},
    "admissionregistration.v1.ValidatingWebhook": _WEBHOOK,
    "apps.v1.DaemonSetSpec": {"revisionHistoryLimit": 10, "updateStrategy": {}},
    "apps.v1.DaemonSetUpdateStrategy": {"type": "RollingUpdate"},
    "apps.v1.DeploymentSpec": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": 600,
        "strategy": {},
    },
    "apps.v1.DeploymentStrategy": {"type": "RollingUpdate"},
    "apps.v1.ReplicaSetSpec": {"replicas": 1},
    "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
    "apps.v1.StatefulSetSpec": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "podManagementPolicy": "OrderedReady",
        "updateStrategy": {},
        "persistentVolumeClaimRetentionPolicy": {},
    },
    "autoscaling.v2.HorizontalPodAutoscalerSpec": {"minReplicas": 1},
    "batch.v1.CronJobSpec": {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    },
    "batch.v1.PodFailurePolicyOnPodConditionsPattern": {"status": "True"},
    "batch.v1.JobTemplateSpec": {"metadata": {}, "spec": {}},
    "core.v1.ConfigMapVolumeSource": {"defaultMode": _MODE},
    "core.v1.Container": {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "core.v1.ContainerPort": {"protocol": "TCP"},
    "core.v1.DownwardAPIVolumeSource": {"defaultMode": _MODE},
    "core.v1.EndpointPort": {"protocol": "TCP"},
    "core.v1.EphemeralContainer": {
        "resources": {},
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    },
    "core.v1.FileKeySelector": {"optional": False},
    "core.v1.GRPCAction": {"service": ""},
    "core.v1.HTTPGetAction": {"path": "/", "scheme": "HTTP"},
    "core.v1.HostPathVolumeSource": {"type": ""},
    "core.v1.NamespaceStatus": {"phase": "Active"},
    "core.v1.ObjectFieldSelector": {"apiVersion": "v1"},
    "core.v1.PersistentVolumeClaim": {"spec": {}},
    "core.v1.PersistentVolumeClaimSpec": {"resources": {}, "volumeMode": "Filesystem"},
    "core.v1.PersistentVolumeClaimStatus": {"phase": "Pending"},
    "core.v1.PersistentVolumeClaimTemplate": {"metadata": {}},
    "core.v1.PersistentVolumeStatus": {"phase": "Pending"},
    "core.v1.PodSpec": {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    },
    "core.v1.PodTemplateSpec": {"metadata": {}, "spec": {}},
    "core.v1.Probe": {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
    "core.v1.ProjectedVolumeSource": {"defaultMode": _MODE},
    "core.v1.ReplicationControllerSpec": {"replicas": 1},
    "core.v1.SecretVolumeSource": {"defaultMode": _MODE},
    "core.v1.ServiceAccountTokenProjection": {"expirationSeconds": 3600},
    "core.v1.ServicePort": {"protocol": "TCP"},
    "core.v1.ISCSIVolumeSource": {"iscsiInterface": "default"},
    "core.v1.ISCSIPersistentVolumeSource": {"iscsiInterface": "default"},
    "discovery.v1.EndpointPort": {"name": "", "protocol": "TCP"},
    "networking.v1.NetworkPolicyPort": {"protocol": "TCP"},
    "rbac.v1.RoleRef": {"apiGroup": "rbac.authorization.k8s.io"},
    "scheduling.v1.PriorityClass": {"preemptionPolicy": "PreemptLowerPriority"},
    "storage.v1.CSIDriverSpec": {
        "attachRequired": True,
        "podInfoOnMount": False,
        "volumeLifecycleModes": ["Persistent"],
        "storageCapacity": False,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "requiresRepublish": False,
        "seLinuxMount": False,
    },
    "storage.v1.StorageClass": {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    "apiextensions.v1.ServiceReference": {"port": 443},
    "apiregistration.v1.ServiceReference": {"port": 443},
}


def set_defaults(types: GoTypes, schemas: Schemas, schema: Schema, item: Part) -> None:
    """Set the defaults of one of Kubernetes' own kinds in an object, from its top down."""
    _set_defaults(types, schemas, schema, item)
    function = ROOT_FUNCTIONS.get(name_definition(schema))
    if function:
        function(item)


def set_custom_defaults(schemas: Schemas, schema: Schema, value: object) -> None:
    """Set the defaults that stand in the schema of a custom resource."""
    if isinstance(value, dict):
        properties = schemas.resolve(schema).get("properties") or {}
        for name, field in properties.items():
            if "default" in field and (name not in value or (value[name] is None and not schemas.is_nullable(field))):
                value[name] = copy.deepcopy(field["default"])
        for name, inner in value.items():
            set_custom_defaults(schemas, schemas.get_field(schema, name) or ANY, inner)
    elif isinstance(value, list):
        for inner in value:
            set_custom_defaults(schemas, schemas.get_items(schema), inner)


def name_definition(schema: Schema) -> str:
    """Return the name of a schema's definition without its prefix, as in `core.v1.PodSpec`; empty for none."""
    reference = str(schema.get("$ref", ""))
    return next((reference.removeprefix(prefix) for prefix in _PREFIXES if reference.startswith(prefix)), "")


def _set_defaults(types: GoTypes, schemas: Schemas, schema: Schema, value: object) -> None:
    if isinstance(value, dict):
        name = name_definition(schema)
        for field, default in _VALUES.get(name, {}).items():
            if types.is_unset(schema, field, value.get(field)):
                value[field] = copy.deepcopy(default)
        function: Callable[[Part], None] | None = FUNCTIONS.get(name)
        if function:
            function(value)
        for field, inner in value.items():
            if isinstance(inner, dict | list):
                _set_defaults(types, schemas, schemas.get_field(schema, field) or ANY, inner)
    elif isinstance(value, list):
        for inner in value:
            _set_defaults(types, schemas, schemas.get_items(schema), inner)
