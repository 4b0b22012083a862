"""Sources of volumes that pods and persistent volumes share: disks, paths of hosts, file systems of networks.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (validateVolumeSource,
ValidatePersistentVolumeSpec, validateISCSIVolumeSource, validateFCVolumeSource, validateCSIPersistentVolumeSource).
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import list_label_problems, list_subdomain_problems
from kube_api_emulator.server.rules.validation.system.nodes import check_driver_name

Part = Mapping[str, Any]

# The fields that a source of a type can't do without, in the order of the server's checks of types.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "hostPath": ("path",),
    "nfs": ("server", "path"),
    "iscsi": ("targetPortal", "iqn"),
    "fc": (),
    "local": ("path",),
    "csi": (),
}
_HOST_TYPES = (*("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"),)
_INITIATORS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)\Z"),
    "eui": re.compile(r"eui.[A-Za-z0-9]{16}\Z"),
    "naa": re.compile(r"naa.[A-Za-z0-9]{32}\Z"),
}
_MOST_UNITS = 255


def check_disk(kind: str, source: Part, field: str, causes: Causes) -> None:
    """Check a source of one type, at its place."""
    place = f"{field}.{kind}"
    for name in REQUIRED[kind]:
        if not source.get(name):
            causes.require(f"{place}.{name}")
    if kind in _CHECKS:
        _CHECKS[kind](source, place, causes)


def _check_host_path(source: Part, place: str, causes: Causes) -> None:
    if source.get("path"):
        _check_steps(source, place, causes)
        causes.check_choice(f"{place}.type", source.get("type"), _HOST_TYPES)


def _check_steps(source: Part, place: str, causes: Causes) -> None:
    path = source.get("path") or ""
    if ".." in path.split("/"):
        causes.refuse(f"{place}.path", path, "must not contain '..'")


def _check_nfs(source: Part, place: str, causes: Causes) -> None:
    if not (source.get("path") or "").startswith("/"):
        causes.refuse(f"{place}.path", source.get("path") or "", "must be an absolute path")


def _is_persistent(place: str) -> bool:
    """Return whether the place is in a persistent volume: those of pods are in a list."""
    return not place.rpartition(".")[0].endswith("]")


def _check_iscsi(source: Part, place: str, causes: Causes) -> None:
    _check_initiator(source.get("iqn") or None, f"{place}.iqn", causes)
    _check_unit(source, place, causes)
    secret = source.get("secretRef")
    if secret is None and (source.get("chapAuthDiscovery") or source.get("chapAuthSession")):
        causes.require(f"{place}.secretRef")
    if _is_persistent(place):
        _check_local_secret(source, place, causes)
    _check_initiator(source.get("initiatorName"), f"{place}.initiatorname", causes)


def _check_initiator(name: str | None, field: str, causes: Causes) -> None:
    rule = _INITIATORS.get((name or "")[:3])
    if name is not None and (rule is None or not rule.match(name)):
        # A pod's refusal tells more than a persistent volume's.
        is_short = rule is not None or _is_persistent(field.rpartition(".")[0])
        causes.refuse(field, name, f"must be valid format{'' if is_short else ' starting with iqn, eui, or naa'}")


def _check_unit(source: Part, place: str, causes: Causes) -> None:
    unit = source.get("lun") or 0
    if not 0 <= unit <= _MOST_UNITS:
        causes.refuse(f"{place}.lun", unit, "must be between 0 and 255, inclusive")


def _check_fibre(source: Part, place: str, causes: Causes) -> None:
    targets, names = source.get("targetWWNs"), source.get("wwids")
    if not targets and not names:
        causes.require(f"{place}.targetWWNs", "must specify either targetWWNs or wwids, but not both")
    if targets and names:
        text = "targetWWNs and wwids can not be specified simultaneously"
        causes.refuse(f"{place}.targetWWNs", targets, text)
    if targets and source.get("lun") is None:
        causes.require(f"{place}.lun", "lun is required if targetWWNs is specified")
    elif targets:
        _check_unit(source, place, causes)


def _check_local_secret(source: Part, place: str, causes: Causes) -> None:
    secret = source.get("secretRef")
    if secret is not None and not secret.get("name"):
        causes.require(f"{place}.secretRef.name")


def _check_csi(source: Part, place: str, causes: Causes) -> None:
    check_driver_name(source.get("driver") or "", f"{place}.driver", causes)


_CHECKS: Mapping[str, Callable[[Part, str, Causes], None]] = {
    "hostPath": _check_host_path,
    "nfs": _check_nfs,
    "iscsi": _check_iscsi,
    "fc": _check_fibre,
    "local": _check_steps,
    "csi": _check_csi,
}


def check_volume_sources(spec: Part, causes: Causes, field: str) -> None:
    """Check that a persistent volume has one source, and that it is complete."""
    kinds = [kind for kind in REQUIRED if spec.get(kind) is not None]
    for index, kind in enumerate(kinds):
        if index:
            causes.forbid(f"{field}.{kind}", "may not specify more than 1 volume type")
        else:
            check_disk(kind, spec[kind], field, causes)
            _check_persistence(kind, spec, field, causes)
    if not kinds:
        causes.require(field, "must specify a volume type")
    path = (spec.get("hostPath") or {}).get("path") or ""
    is_root = path and posixpath.normpath(path).strip("/") == ""
    if is_root and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        text = "may not be 'recycle' for a hostPath mount of '/'"
        causes.forbid(f"{field}.persistentVolumeReclaimPolicy", text)


def _check_persistence(kind: str, spec: Part, field: str, causes: Causes) -> None:
    source: Part = spec[kind]
    if kind == "local" and spec.get("nodeAffinity") is None:
        causes.require(f"{field}.nodeAffinity", "Local volume requires node affinity")
    if kind == "csi":
        if not source.get("volumeHandle"):
            causes.require(f"{field}.csi.volumeHandle")
        for name in ("controllerPublish", "controllerExpand", "nodePublish", "nodeExpand"):
            if source.get(f"{name}SecretRef") is not None:
                _check_secret(source[f"{name}SecretRef"], f"{field}.csi.{name}SecretRef", causes)


def _check_secret(secret: Part, place: str, causes: Causes) -> None:
    for name, list_problems in (("name", list_subdomain_problems), ("namespace", list_label_problems)):
        value = secret.get(name) or ""
        if not value:
            causes.require(f"{place}.{name}")
        for text in list_problems(value) if value else ():
            causes.refuse(f"{place}.{name}", value, text)


def check_attributes_class(spec: Part, causes: Causes, field: str) -> None:
    """Check the class of attributes a persistent volume names."""
    name = spec.get("volumeAttributesClassName")
    if name == "":
        causes.require(f"{field}.volumeAttributesClassName", "an empty string is disallowed")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse(f"{field}.volumeAttributesClassName", name, text)
    if name is not None and spec.get("csi") is None:
        causes.require(f"{field}.csi", "has to be specified when using volumeAttributesClassName")
