"""The values that the API server takes in text fields which its OpenAPI document leaves open.

The packed definitions have no enums. These stand in the Go types of Kubernetes (`+enum`) and in its validation.
"""

from collections.abc import Mapping

_PROTOCOLS = ("TCP", "UDP", "SCTP")
_TAINT_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_ACCESS_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_VOLUME_MODES = ("Block", "Filesystem")
_RECLAIM_POLICIES = ("Delete", "Retain", "Recycle")
_IP_FAMILIES = ("IPv4", "IPv6")
_POLICIES = ("Honor", "Ignore")
_RETENTION = ("Delete", "Retain")
_SECCOMP_TYPES = ("Localhost", "RuntimeDefault", "Unconfined")
_FAILURE_POLICIES = ("Fail", "Ignore")
_MATCH_POLICIES = ("Equivalent", "Exact")

# By definition, without its prefix, and by field. In the order of the messages of the API server.
_VALUES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "apps.v1.DaemonSetUpdateStrategy": {"type": ("OnDelete", "RollingUpdate")},
    "apps.v1.DeploymentStrategy": {"type": ("Recreate", "RollingUpdate")},
    "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy": {"whenDeleted": _RETENTION, "whenScaled": _RETENTION},
    "apps.v1.StatefulSetSpec": {"podManagementPolicy": ("OrderedReady", "Parallel")},
    "apps.v1.StatefulSetUpdateStrategy": {"type": ("OnDelete", "RollingUpdate")},
    "autoscaling.v2.HPAScalingPolicy": {"type": ("Pods", "Percent")},
    "autoscaling.v2.HPAScalingRules": {"selectPolicy": ("Disabled", "Max", "Min")},
    "autoscaling.v2.MetricSpec": {"type": ("ContainerResource", "External", "Object", "Pods", "Resource")},
    "autoscaling.v2.MetricTarget": {"type": ("Utilization", "Value", "AverageValue")},
    "batch.v1.CronJobSpec": {"concurrencyPolicy": ("Allow", "Forbid", "Replace")},
    "batch.v1.JobSpec": {
        "completionMode": ("Indexed", "NonIndexed"),
        "podReplacementPolicy": ("Failed", "TerminatingOrFailed"),
    },
    "batch.v1.PodFailurePolicyOnExitCodesRequirement": {"operator": ("In", "NotIn")},
    "batch.v1.PodFailurePolicyRule": {"action": ("Count", "FailIndex", "FailJob", "Ignore")},
    "core.v1.AppArmorProfile": {"type": _SECCOMP_TYPES},
    "core.v1.AzureDiskVolumeSource": {"cachingMode": ("None", "ReadOnly", "ReadWrite")},
    "core.v1.Container": {
        "imagePullPolicy": ("Always", "IfNotPresent", "Never"),
        "terminationMessagePolicy": ("FallbackToLogsOnError", "File"),
    },
    "core.v1.ContainerPort": {"protocol": _PROTOCOLS},
    "core.v1.ContainerResizePolicy": {"restartPolicy": ("NotRequired", "RestartContainer")},
    "core.v1.EndpointPort": {"protocol": _PROTOCOLS},
    "core.v1.HTTPGetAction": {"scheme": ("HTTP", "HTTPS")},
    "core.v1.HostPathVolumeSource": {
        "type": ("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket")
    },
    "core.v1.NodeSelectorRequirement": {"operator": ("In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")},
    "core.v1.PersistentVolumeClaimSpec": {"accessModes": _ACCESS_MODES, "volumeMode": _VOLUME_MODES},
    "core.v1.PersistentVolumeSpec": {
        "accessModes": _ACCESS_MODES,
        "persistentVolumeReclaimPolicy": _RECLAIM_POLICIES,
        "volumeMode": _VOLUME_MODES,
    },
    "core.v1.PodOS": {"name": ("linux", "windows")},
    "core.v1.PodSecurityContext": {
        "fsGroupChangePolicy": ("Always", "OnRootMismatch"),
        "supplementalGroupsPolicy": ("Merge", "Strict"),
    },
    "core.v1.PodSpec": {
        "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
        "preemptionPolicy": ("PreemptLowerPriority", "Never"),
        "restartPolicy": ("Always", "OnFailure", "Never"),
    },
    "core.v1.ResourceQuotaSpec": {
        "scopes": (
            "BestEffort",
            "CrossNamespacePodAffinity",
            "NotBestEffort",
            "NotTerminating",
            "PriorityClass",
            "Terminating",
            "VolumeAttributesClass",
        ),
    },
    "core.v1.SeccompProfile": {"type": _SECCOMP_TYPES},
    "core.v1.SecurityContext": {"procMount": ("Default", "Unmasked")},
    "core.v1.ServicePort": {"protocol": _PROTOCOLS},
    "core.v1.ServiceSpec": {
        "externalTrafficPolicy": ("Cluster", "Local"),
        "internalTrafficPolicy": ("Cluster", "Local"),
        "ipFamilies": _IP_FAMILIES,
        "ipFamilyPolicy": ("SingleStack", "PreferDualStack", "RequireDualStack"),
        "sessionAffinity": ("ClientIP", "None"),
        "type": ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort"),
    },
    "core.v1.Taint": {"effect": _TAINT_EFFECTS},
    "core.v1.Toleration": {"effect": _TAINT_EFFECTS, "operator": ("Equal", "Exists", "Gt", "Lt")},
    "core.v1.TopologySpreadConstraint": {
        "nodeAffinityPolicy": _POLICIES,
        "nodeTaintsPolicy": _POLICIES,
        "whenUnsatisfiable": ("DoNotSchedule", "ScheduleAnyway"),
    },
    "core.v1.VolumeMount": {
        "mountPropagation": ("Bidirectional", "HostToContainer", "None"),
        "recursiveReadOnly": ("Disabled", "Enabled", "IfPossible"),
    },
    "discovery.v1.EndpointSlice": {"addressType": ("FQDN", "IPv4", "IPv6")},
    "networking.v1.HTTPIngressPath": {"pathType": ("Exact", "ImplementationSpecific", "Prefix")},
    "networking.v1.NetworkPolicyPort": {"protocol": _PROTOCOLS},
    "networking.v1.NetworkPolicySpec": {"policyTypes": ("Ingress", "Egress")},
    "policy.v1.PodDisruptionBudgetSpec": {"unhealthyPodEvictionPolicy": ("AlwaysAllow", "IfHealthyBudget")},
    "rbac.v1.RoleRef": {"kind": ("Role", "ClusterRole")},
    "rbac.v1.Subject": {"kind": ("ServiceAccount", "User", "Group")},
    "scheduling.v1.PriorityClass": {"preemptionPolicy": ("PreemptLowerPriority", "Never")},
    "storage.v1.StorageClass": {
        "reclaimPolicy": ("Delete", "Retain"),
        "volumeBindingMode": ("Immediate", "WaitForFirstConsumer"),
    },
    "admissionregistration.v1.MutatingWebhook": {
        "failurePolicy": _FAILURE_POLICIES,
        "matchPolicy": _MATCH_POLICIES,
        "reinvocationPolicy": ("IfNeeded", "Never"),
    },
    "admissionregistration.v1.ValidatingWebhook": {
        "failurePolicy": _FAILURE_POLICIES,
        "matchPolicy": _MATCH_POLICIES,
    },
    "pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec": {"scope": ("Cluster", "Namespaced")},
    "pkg.apis.meta.v1.LabelSelectorRequirement": {"operator": ("In", "NotIn", "Exists", "DoesNotExist")},
}
_PREFIXES = ("#/$defs/io.k8s.api.", "#/$defs/io.k8s.apiextensions-apiserver.", "#/$defs/io.k8s.apimachinery.")


def find_known_values(reference: str, field: str) -> tuple[str, ...]:
    """Return the values of a field of the definition that a `$ref` names; nothing for a field with free text."""
    for prefix in _PREFIXES:
        if reference.startswith(prefix):
            return _VALUES.get(reference.removeprefix(prefix), {}).get(field, ())
    return ()
