"""Claims can only get larger if they are bound, and their class allows it.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/admission/storage/persistentvolume/resize/admission.go (Validate,
allowResize).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.admission.requests import AdmissionRequest

_NO_CLASS = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def check_claim_size(request: AdmissionRequest) -> None:
    """Check that a claim may have its new size. Raises StatusError 403."""
    item, live = request.item, request.live
    if (request.resource.group, request.resource.kind, request.part) != ("", "PersistentVolumeClaim", ""):
        return
    if item is None or live is None or _read_size(item) <= _read_size(live):
        return
    if (live.get("status") or {}).get("phase") != "Bound":
        raise request.refuse("Only bound persistent volume claims can be expanded")
    name = item["spec"].get("storageClassName") or ""
    classes = {each["metadata"]["name"]: each for each in request.list_items("storage.k8s.io", "storageclasses")}
    if not classes.get(name, {}).get("allowVolumeExpansion"):
        raise request.refuse(_NO_CLASS)


def _read_size(claim: Mapping[str, Any]) -> Decimal:
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    return parse_quantity(requests.get("storage") or "0")
