"""Classes, claims and templates of claims of devices (pkg/apis/resource/validation)."""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.devices.requests import check_claim, check_class
from kube_api_emulator.server.rules.validation.names import check_template_metadata

Part = Mapping[str, Any]

_ADMIN_LABEL = "resource.kubernetes.io/admin-access"


def check_admin_access(kind: str, item: Part, namespace: Part, causes: Causes) -> None:
    """Check that a new claim, or a template, asks for access as an administrator only where it may."""
    spec = item.get("spec") or {}
    spec = {"ResourceClaim": spec, "ResourceClaimTemplate": spec.get("spec") or {}}.get(kind, {})
    labels = (namespace.get("metadata") or {}).get("labels") or {}
    for index, request in enumerate((spec.get("devices") or {}).get("requests") or ()):
        if (request.get("exactly") or {}).get("adminAccess"):
            if labels.get(_ADMIN_LABEL) != "true":
                text = f"admin access to devices requires the `{_ADMIN_LABEL}: true` label on the containing namespace"
                causes.forbid(f"spec.devices.requests[{index}].adminAccess", text)
            return


def check_device_class(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    check_class(item.get("spec") or {}, causes)


def check_device_claim(item: Part, before: Part | None, causes: Causes) -> None:
    """Check what a claim asks for. Its spec can't change."""
    spec = item.get("spec") or {}
    if before is not None:
        causes.check_unchanged("spec", spec, before.get("spec") or {}, "@resource.ResourceClaimSpec")
        return
    check_claim(spec, "spec", causes)


def check_claim_template(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    check_template_metadata(spec.get("metadata") or {}, "spec.metadata", causes)
    check_claim(spec.get("spec") or {}, "spec.spec", causes)
    if before is not None:
        code = "@resource.ResourceClaimTemplateSpec"
        causes.check_unchanged("spec", spec, before.get("spec") or {}, code)
