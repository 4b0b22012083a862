"""The kinds that the server leaves out. Recorded answers of a real server have them."""

import json
from typing import Any

DROPPED_KINDS = {
    "v1": ("Binding", "ComponentStatus", "PodTemplate"),
    "admissionregistration.k8s.io/v1": ("MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"),
    "certificates.k8s.io/v1": ("CertificateSigningRequest",),
    "flowcontrol.apiserver.k8s.io/v1": ("FlowSchema", "PriorityLevelConfiguration"),
    "networking.k8s.io/v1": ("IPAddress", "ServiceCIDR"),
    "resource.k8s.io/v1": ("DeviceClass", "ResourceClaim", "ResourceClaimTemplate", "ResourceSlice"),
    "storage.k8s.io/v1": ("CSINode", "CSIStorageCapacity", "VolumeAttachment", "VolumeAttributesClass"),
}
# Texts of warnings that the server does not give.
_DROPPED_WARNINGS = (
    "serviceAccountTokenInSecrets is unset",
    "FQDN endpoints are deprecated",
    "has no sources provided",
)
DROPPED_PARTS = ("pods/binding", "pods/resize")


def leave_out_dropped(answer: Any) -> Any:
    """Return a recorded list of kinds without those that the server leaves out; any other answer as it is."""
    if isinstance(answer, str) and answer.startswith('{"kind":"APIResourceList"'):
        return json.dumps(leave_out_dropped(json.loads(answer)))
    if not isinstance(answer, dict) or answer.get("kind") != "APIResourceList":
        return answer
    dropped = DROPPED_KINDS.get(answer["groupVersion"], ())
    kept = [each for each in answer["resources"] if each["kind"] not in dropped and each["name"] not in DROPPED_PARTS]
    return answer | {"resources": kept}


def leave_out_warnings(warnings: list[str]) -> list[str]:
    """Return recorded warnings without those that the server leaves out."""
    return [each for each in warnings if not any(text in each for text in _DROPPED_WARNINGS)]
