"""Service accounts: each pod runs as one of its namespace, and gets its token.

Source: k8s.io/kubernetes v1.36.2, plugin/pkg/admission/serviceaccount/admission.go (Admit, getServiceAccount,
mountServiceAccountToken, TokenVolumeSource).
"""

import secrets
from typing import Any

from kube_api_emulator.server.admission.requests import AdmissionRequest
from kube_api_emulator.server.resources import Object, Place

_DEFAULT = "default"
_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
_SUFFIX_LENGTH = 5
_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
_TOKEN_SECONDS, _MODE = 3607, 0o644


def set_account(request: AdmissionRequest) -> bool:
    """Give a new pod its account and the token of it. Raises StatusError 403 without the account."""
    if not request.is_new("", "Pod") or request.item is None:
        return False
    spec = request.item["spec"]
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or _DEFAULT
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    account = _find_account(request, name)
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = account["imagePullSecrets"]
    is_wanted = spec.get("automountServiceAccountToken")
    if is_wanted is None:
        is_wanted = account.get("automountServiceAccountToken", True)
    if is_wanted:
        _mount_token(spec)
    return True


def _find_account(request: AdmissionRequest, name: str) -> Object:
    accounts = request.cluster.resources.require("", "v1", "serviceaccounts")
    found = request.cluster.store.find(Place(accounts, request.namespace, name))
    if found is None and name == _DEFAULT and request.cluster.has_controllers:
        # Its controller creates it within moments, for which kube-apiserver waits.
        return {}
    if found is None:
        where = f"{request.namespace}/{name}"
        raise request.refuse(f'error looking up service account {where}: serviceaccount "{name}" not found')
    return found


def _mount_token(spec: dict[str, Any]) -> None:
    containers = [each for name in ("initContainers", "containers") for each in spec.get(name) or ()]
    missing = [each for each in containers if not _has_mount(each)]
    if not missing:
        return
    name = "kube-api-access-" + "".join(secrets.choice(_LETTERS) for _ in range(_SUFFIX_LENGTH))
    for container in missing:
        mount = {"name": name, "readOnly": True, "mountPath": _MOUNT}
        container["volumeMounts"] = [*(container.get("volumeMounts") or ()), mount]
    spec["volumes"] = [*(spec.get("volumes") or ()), {"name": name, "projected": _build_sources()}]


def _build_sources() -> Object:
    field = {"apiVersion": "v1", "fieldPath": "metadata.namespace"}
    sources: list[Object] = [
        {"serviceAccountToken": {"expirationSeconds": _TOKEN_SECONDS, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": field}]}},
    ]
    return {"sources": sources, "defaultMode": _MODE}


def _has_mount(container: Object) -> bool:
    return any(each.get("mountPath") == _MOUNT for each in container.get("volumeMounts") or ())
