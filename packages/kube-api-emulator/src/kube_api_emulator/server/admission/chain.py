"""The order in which a write is completed and checked, as the plugins of kube-apiserver are called.

Source: k8s.io/kubernetes v1.36.2, pkg/kubeapiserver/options/plugins.go (AllOrderedPlugins,
DefaultOffAdmissionPlugins); k8s.io/apiserver v0.36.2, pkg/admission/plugin/namespace/lifecycle/admission.go (Admit).
"""

from collections.abc import Callable

from kube_api_emulator.server.admission.accounts import set_account
from kube_api_emulator.server.admission.claim_sizes import check_claim_size
from kube_api_emulator.server.admission.cluster_defaults import (
    check_default_priority,
    set_ingress_class,
    set_priority,
    set_protection,
    set_requester,
    set_storage_class,
    set_taint,
)
from kube_api_emulator.server.admission.limit_ranges import check_limit_ranges, set_default_resources
from kube_api_emulator.server.admission.pod_security import check_pod_security
from kube_api_emulator.server.admission.policies import check_policies
from kube_api_emulator.server.admission.quotas import check_quotas
from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.admission.runtime_classes import check_overhead, set_runtime_class
from kube_api_emulator.server.resources import Resource

_COMPLETED = frozenset(
    {
        "CertificateSigningRequest",
        "Ingress",
        "Node",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "Pod",
        "VolumeAttributesClass",
    }
)
_IMMORTAL = frozenset({"default", "kube-system", "kube-public"})

Check = Callable[[AdmissionRequest], None]


class AdmissionChain:
    """The plugins of one cluster.

    Attributes:
        has_accounts: whether pods get the service account of their namespace.
        checks: more checks, which come before the quotas.
    """

    def __init__(self) -> None:
        self.has_accounts = False
        self.checks: list[Check] = []

    def completes(self, resource: Resource) -> bool:
        """Check for a kind whose new objects the plugins change or refuse before their validation."""
        return not resource.is_custom and resource.kind in _COMPLETED

    def complete(self, request: AdmissionRequest) -> bool:
        """Change a new object. Returns whether anything has changed, raises StatusError."""
        changed = set_default_resources(request)
        if self.has_accounts:
            changed |= set_account(request)
        changed |= set_priority(request)
        changed |= set_protection(request)
        changed |= set_requester(request)
        changed |= set_taint(request)
        changed |= set_storage_class(request)
        changed |= set_runtime_class(request)
        return set_ingress_class(request) or changed

    def check(self, request: AdmissionRequest) -> list[str]:
        """Check a write. Returns warnings, raises StatusError."""
        if request.operation == "DELETE" and request.resource.is_namespace and request.name in _IMMORTAL:
            raise request.refuse("this namespace may not be deleted")
        check_limit_ranges(request)
        check_default_priority(request)
        check_claim_size(request)
        check_overhead(request)
        warnings = check_pod_security(request)
        for check in self.checks:
            check(request)
        warnings += check_policies(request)
        # The last one: what is refused anyway uses nothing.
        check_quotas(request)
        return warnings
