"""Sources of volumes that pods and persistent volumes share: disks, paths of hosts, file systems of networks."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.validation.causes import Causes
from envctl.adapters.sandbox.kubernetes.rules.validation.names import list_label_problems, list_subdomain_problems
from envctl.adapters.sandbox.kubernetes.rules.validation.system.nodes import check_driver_name

Part = Mapping[str, Any]

# The fields that a source of a type can't do without, in the order of the server's checks of types.
REQUIRED: Mapping[str, tuple[str, ...]] = {
    "hostPath": ("path",),
    "gcePersistentDisk": ("pdName",),
    "awsElasticBlockStore": ("volumeID",),
    "glusterfs": ("endpoints", "path"),
    "flocker": (),
    "nfs": ("server", "path"),
    "rbd": ("monitors", "image"),
    "quobyte": (),
    "cephfs": ("monitors",),
    "iscsi": ("targetPortal", "iqn"),
    "cinder": ("volumeID",),
    "fc": (),
    "flexVolume": ("driver",),
    "azureFile": ("secretName", "shareName"),
    "vsphereVolume": ("volumePath",),
    "photonPersistentDisk": ("pdID",),
    "portworxVolume": ("volumeID",),
    "azureDisk": ("diskName", "diskURI"),
    "scaleIO": ("gateway", "system", "volumeName"),
    "local": ("path",),
    "storageos": ("volumeName",),
    "csi": (),
}
_HOST_TYPES = (*("", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"),)
_INITIATORS = {
    "iqn": re.compile(r"iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)\Z"),
    "eui": re.compile(r"eui.[A-Za-z0-9]{16}\Z"),
    "naa": re.compile(r"naa.[A-Za-z0-9]{32}\Z"),
}
_MANAGED = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
_BLOB = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
_MOST_UNITS = 255


def check_disk(kind: str, source: Part, field: str, causes: Causes) -> None:
    """Check a source of one type, at its place."""
    place = f"{field}.{'persistentDisk' if kind == 'gcePersistentDisk' else kind}"
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


def _check_partition(source: Part, place: str, causes: Causes) -> None:
    partition = source.get("partition") or 0
    if not 0 <= partition <= _MOST_UNITS:
        causes.refuse(f"{place}.partition", partition, "must be between 1 and 255, inclusive")


def _check_flocker(source: Part, place: str, causes: Causes) -> None:
    name, identifier = source.get("datasetName") or "", source.get("datasetUUID") or ""
    if not name and not identifier:
        causes.require(place, "one of datasetName and datasetUUID is required")
    if name and identifier:
        causes.refuse(place, "resource", "datasetName and datasetUUID can not be specified simultaneously")
    if "/" in name:
        causes.refuse(f"{place}.datasetName", name, "must not contain '/'")


def _check_quobyte(source: Part, place: str, causes: Causes) -> None:
    text = "must be a host:port pair or multiple pairs separated by commas"
    if not source.get("registry"):
        causes.require(f"{place}.registry", text)
    for pair in source["registry"].split(",") if source.get("registry") else ():
        if ":" not in pair:
            causes.refuse(f"{place}.registry", source["registry"], text)
    if not source.get("volume"):
        causes.require(f"{place}.volume")


def _check_iscsi(source: Part, place: str, causes: Causes) -> None:
    name = source.get("iqn") or ""
    rule = _INITIATORS.get(name[:3])
    if name and (rule is None or not rule.match(name)):
        # A pod's refusal tells more than a persistent volume's.
        more = " starting with iqn, eui, or naa" if rule is None and place != "spec.iscsi" else ""
        causes.refuse(f"{place}.iqn", name, f"must be valid format{more}")
    _check_unit(source, place, causes)
    secret = source.get("secretRef")
    if secret is None and (source.get("chapAuthDiscovery") or source.get("chapAuthSession")):
        causes.require(f"{place}.secretRef")
    _check_local_secret(source, place, causes)


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


def _check_azure_file(source: Part, place: str, causes: Causes) -> None:
    if source.get("secretNamespace") == "":
        causes.require(f"{place}.secretNamespace")


def _check_azure_disk(source: Part, place: str, causes: Causes) -> None:
    address, kind = source.get("diskURI") or "", source.get("kind")
    causes.check_choice(f"{place}.cachingMode", source.get("cachingMode"), ("None", "ReadOnly", "ReadWrite"))
    causes.check_choice(f"{place}.kind", kind, ("Dedicated", "Managed", "Shared"))
    if kind == "Managed" and not address.startswith("/subscriptions/"):
        causes.refuse_choice(f"{place}.diskURI", address, (_MANAGED,))
    elif kind not in (None, "Managed") and not address.startswith("https://"):
        causes.refuse_choice(f"{place}.diskURI", address, (_BLOB,))


def _check_storageos(source: Part, place: str, causes: Causes) -> None:
    for name in ("volumeName", "volumeNamespace"):
        value = source.get(name) or ""
        for text in list_label_problems(value) if value else ():
            causes.refuse(f"{place}.{name}", value, text)
    _check_local_secret(source, place, causes)


def _check_local_secret(source: Part, place: str, causes: Causes) -> None:
    secret = source.get("secretRef")
    if secret is not None and not secret.get("name"):
        causes.require(f"{place}.secretRef.name")


def _check_csi(source: Part, place: str, causes: Causes) -> None:
    check_driver_name(source.get("driver") or "", f"{place}.driver", causes)


_CHECKS: Mapping[str, Callable[[Part, str, Causes], None]] = {
    "hostPath": _check_host_path,
    "gcePersistentDisk": _check_partition,
    "awsElasticBlockStore": _check_partition,
    "flocker": _check_flocker,
    "nfs": _check_nfs,
    "quobyte": _check_quobyte,
    "iscsi": _check_iscsi,
    "cinder": _check_local_secret,
    "fc": _check_fibre,
    "azureFile": _check_azure_file,
    "azureDisk": _check_azure_disk,
    "local": _check_steps,
    "storageos": _check_storageos,
    "csi": _check_csi,
}


def check_volume_sources(spec: Part, causes: Causes) -> None:
    """Check that a persistent volume has one source, and that it is complete."""
    kinds = [kind for kind in REQUIRED if spec.get(kind) is not None]
    for index, kind in enumerate(kinds):
        if index:
            causes.forbid(f"spec.{kind}", "may not specify more than 1 volume type")
        else:
            check_disk(kind, spec[kind], "spec", causes)
            _check_persistence(kind, spec, causes)
    if not kinds:
        causes.require("spec", "must specify a volume type")
    path = ((spec.get("hostPath") or {}).get("path") or "").rstrip("/")
    if spec.get("hostPath") and not path and spec.get("persistentVolumeReclaimPolicy") == "Recycle":
        text = "may not be 'recycle' for a hostPath mount of '/'"
        causes.forbid("spec.persistentVolumeReclaimPolicy", text)


def _check_persistence(kind: str, spec: Part, causes: Causes) -> None:
    source: Part = spec[kind]
    if kind == "local" and spec.get("nodeAffinity") is None:
        causes.require("spec.nodeAffinity", "Local volume requires node affinity")
    secret = source.get("secretRef")
    if kind in ("cinder", "storageos") and secret is not None and not secret.get("namespace"):
        causes.require(f"spec.{kind}.secretRef.namespace")
    if kind == "csi":
        if not source.get("volumeHandle"):
            causes.require("spec.csi.volumeHandle")
        for name in ("controllerPublish", "controllerExpand", "nodePublish", "nodeExpand"):
            if source.get(f"{name}SecretRef") is not None:
                _check_secret(source[f"{name}SecretRef"], f"spec.csi.{name}SecretRef", causes)


def _check_secret(secret: Part, place: str, causes: Causes) -> None:
    for name, list_problems in (("name", list_subdomain_problems), ("namespace", list_label_problems)):
        value = secret.get(name) or ""
        if not value:
            causes.require(f"{place}.{name}")
        for text in list_problems(value) if value else ():
            causes.refuse(f"{place}.{name}", value, text)


def check_attributes_class(spec: Part, causes: Causes) -> None:
    """Check the class of attributes a persistent volume names."""
    name = spec.get("volumeAttributesClassName")
    if name == "":
        causes.require("spec.volumeAttributesClassName", "an empty string is disallowed")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse("spec.volumeAttributesClassName", name, text)
    if name is not None and spec.get("csi") is None:
        causes.require("spec.csi", "has to be specified when using volumeAttributesClassName")
