"""Sources of volumes that pods and persistent volumes share: disks, paths of hosts, file systems of networks."""

import posixpath
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
    "local": ("path",),
    "csi": (),
}
_HOST_TYPES = (*("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"),)


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


def _check_csi(source: Part, place: str, causes: Causes) -> None:
    check_driver_name(source.get("driver") or "", f"{place}.driver", causes)


_CHECKS: Mapping[str, Callable[[Part, str, Causes], None]] = {
    "hostPath": _check_host_path,
    "nfs": _check_nfs,
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
