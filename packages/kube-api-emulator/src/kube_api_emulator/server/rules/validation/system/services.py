"""APIServices.

Source: k8s.io/kube-aggregator v0.36.2, pkg/apis/apiregistration/validation/validation.go (ValidateAPIService).
"""

import base64
from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_segment_problems,
    list_service_problems,
    list_subdomain_problems,
)

Part = Mapping[str, Any]

_MOST_GROUP_PRIORITY, _MOST_VERSION_PRIORITY = 20_000, 1000


def check_api_service(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    spec, name = item.get("spec") or {}, item["metadata"].get("name") or ""
    for text in list_api_service_problems(name, spec):
        causes.refuse("metadata.name", name, text)
    group, version = spec.get("group") or "", spec.get("version") or ""
    if not group and version != "v1":
        causes.require("spec.group", "only v1 may have an empty group and it better be legacy kube")
    for text in list_subdomain_problems(group) if group else ():
        causes.refuse("spec.group", group, text)
    for text in list_service_problems(version):
        causes.refuse("spec.version", version, text)
    for field, most in (("groupPriorityMinimum", _MOST_GROUP_PRIORITY), ("versionPriority", _MOST_VERSION_PRIORITY)):
        number = spec.get(field) or 0
        if not 0 < number <= most:
            causes.refuse(f"spec.{field}", number, f"must be positive and less than {most}")
    if spec.get("service") is not None:
        _check_service(spec, causes)
        return
    if spec.get("caBundle"):
        count = len(base64.b64decode(spec["caBundle"]))
        causes.refuse("spec.caBundle", f"{count} bytes", "local APIServices may not have a caBundle")
    if spec.get("insecureSkipTLSVerify"):
        text = "local APIServices may not have insecureSkipTLSVerify"
        causes.refuse("spec.insecureSkipTLSVerify", value=True, detail=text)


def _check_service(spec: Part, causes: Causes) -> None:
    service = spec["service"]
    for field in ("namespace", "name"):
        if not service.get(field):
            causes.require(f"spec.service.{field}")
    port = service.get("port", 443)
    if not 1 <= port <= 65535:  # noqa: PLR2004
        causes.refuse("spec.service.port", port, "port is not valid: must be between 1 and 65535, inclusive")
    if spec.get("insecureSkipTLSVerify") and spec.get("caBundle"):
        causes.refuse("spec.insecureSkipTLSVerify", value=True, detail="may not be true if caBundle is present")


def list_api_service_problems(name: str, spec: Part) -> list[str]:
    """Return the problems of the name of an APIService."""
    expected = f"{spec.get('version') or ''}.{spec.get('group') or ''}"
    problems = list_segment_problems(name)
    if not name or problems or name == expected:
        return problems
    return [f'must be `spec.version+"."+spec.group`: "{expected}"']
