"""Order of objects: an object comes after those that it needs, and admission rules come last."""

from collections.abc import Iterable

from envctl.domain.kubernetes.objects import ObjectIdentity

_FIRST, _DEFINITIONS, _BASE, _USUAL, _LAST = range(5)
_RANKS = {
    "Namespace": _FIRST,
    "CustomResourceDefinition.apiextensions.k8s.io": _DEFINITIONS,
    **dict.fromkeys(
        (
            "PriorityClass.scheduling.k8s.io",
            "RuntimeClass.node.k8s.io",
            "StorageClass.storage.k8s.io",
            "VolumeSnapshotClass.snapshot.storage.k8s.io",
            "IngressClass.networking.k8s.io",
            "GatewayClass.gateway.networking.k8s.io",
            "ServiceAccount",
            "ConfigMap",
            "Secret",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "ResourceQuota",
            "LimitRange",
            "ClusterRole.rbac.authorization.k8s.io",
            "ClusterRoleBinding.rbac.authorization.k8s.io",
            "Role.rbac.authorization.k8s.io",
            "RoleBinding.rbac.authorization.k8s.io",
            "NetworkPolicy.networking.k8s.io",
        ),
        _BASE,
    ),
    **dict.fromkeys(
        (
            "APIService.apiregistration.k8s.io",
            "MutatingWebhookConfiguration.admissionregistration.k8s.io",
            "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
            "MutatingAdmissionPolicy.admissionregistration.k8s.io",
            "MutatingAdmissionPolicyBinding.admissionregistration.k8s.io",
            "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
            "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
        ),
        _LAST,
    ),
}


def rank_object(identity: ObjectIdentity) -> int:
    """Return the number of the step that an object is applied in."""
    return _RANKS.get(identity.type, _USUAL)


def is_restriction(identity: ObjectIdentity) -> bool:
    """Check if an object restricts others, such as a webhook or a quota. New pods may wait for its deletion."""
    return identity.type in ("ResourceQuota", "LimitRange") or rank_object(identity) == _LAST


def group_for_deletion(identities: Iterable[ObjectIdentity]) -> list[list[ObjectIdentity]]:
    """Return the objects in steps for their deletion: what came last goes first."""
    steps: dict[int, list[ObjectIdentity]] = {}
    for each in identities:
        steps.setdefault(rank_object(each), []).append(each)
    return [sorted(steps[rank]) for rank in sorted(steps, reverse=True)]
