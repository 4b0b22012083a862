"""Volumes of pods.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidateVolumes, validateVolumeSource,
validateProjectionSources, validateDownwardAPIVolumeFile, validateKeyToPath).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import list_label_problems, list_subdomain_problems
from kube_api_emulator.server.rules.validation.pods.variables import (
    check_amount_reference,
    check_field_reference,
)
from kube_api_emulator.server.rules.validation.storage import check_claim_spec
from kube_api_emulator.server.rules.validation.system.disks import REQUIRED, check_disk

Part = Mapping[str, Any]

_FILE_FIELDS = ("metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid")
_LEAST_SECONDS = 600
_LISTS, _FILES = ("secret", "configMap", "downwardAPI"), ("serviceAccountToken", "clusterTrustBundle")
# The fields that a volume of a type can't do without, in the order of the server's checks.
_REQUIRED: Mapping[str, tuple[str, ...]] = {
    "configMap": ("name",),
    "image": ("reference",),
    "persistentVolumeClaim": ("claimName",),
    "secret": ("secretName",),
}

# The types of volumes in the order in which the server looks for them, and those with another name in a refusal.
_KINDS = (
    *("emptyDir", "hostPath", "secret", "nfs", "iscsi", "persistentVolumeClaim", "downwardAPI", "fc", "configMap"),
    *("projected", "csi", "ephemeral", "image"),
)
_SHOWN_KINDS = {"downwardAPI": "downwarAPI"}


def check_volumes(volumes: Sequence[Part], field: str, causes: Causes, pod: str = "") -> dict[str, Part]:
    """Check volumes, and return those without problems by name: containers can mount them.

    `pod` is the name of their pod, with which the claims of ephemeral volumes begin; empty for a template.
    """
    usable: dict[str, Part] = {}
    made = {f"{pod}-{each.get('name') or ''}" for each in volumes if pod and each.get("ephemeral") is not None}
    for index, volume in enumerate(volumes):
        place, name = f"{field}[{index}]", volume.get("name") or ""
        found = Causes()
        _check_source(volume, place, found, is_of_pod=bool(pod))
        if pod and name and volume.get("ephemeral") is not None:
            claim = f"{pod}-{name}"
            for text in list_subdomain_problems(claim):
                found.refuse(f"{place}.name", name, f"PVC name {json.dumps(claim, ensure_ascii=False)}: {text}")
        if not name:
            found.require(f"{place}.name")
        for text in list_label_problems(name) if name else ():
            found.refuse(f"{place}.name", name, text)
        if name and name in usable:
            found.report_duplicate(f"{place}.name", name)
        causes += found
        if not found:
            usable[name] = volume
        claim = (volume.get("persistentVolumeClaim") or {}).get("claimName") or ""
        if claim in made:
            text = "must not reference a PVC that gets created for an ephemeral volume"
            causes.refuse(f"{place}.persistentVolumeClaim.claimName", claim, text)
    return usable


def _check_source(volume: Part, place: str, causes: Causes, *, is_of_pod: bool) -> None:
    kinds = [kind for kind in _KINDS if volume.get(kind) is not None]
    if not kinds:
        causes.require(place, "must specify a volume type")
    for kind in kinds[:1]:
        # A template need not name its image.
        if kind != "image" or is_of_pod or volume[kind].get("reference"):
            _require_fields(kind, volume[kind], f"{place}.{kind}", causes)
        _check_kind(kind, volume[kind], place, causes)
    for kind in kinds[1:]:
        causes.forbid(f"{place}.{_SHOWN_KINDS.get(kind, kind)}", "may not specify more than 1 volume type")


def _require_fields(kind: str, source: Part, place: str, causes: Causes) -> None:
    for name in _REQUIRED.get(kind, ()):
        if not source.get(name):
            causes.require(f"{place}.{name}")


def _check_kind(kind: str, source: Part, place: str, causes: Causes) -> None:
    """Check a volume of one type."""
    if kind in REQUIRED:
        check_disk(kind, source, place, causes)
        if kind == "csi":
            _check_publishing(source, f"{place}.csi", causes)
        return
    _check_mode(source, f"{place}.{kind}", causes)
    _check_content(kind, source, f"{place}.{kind}", causes)


def _check_content(kind: str, source: Part, place: str, causes: Causes) -> None:
    """Check what only volumes of one type have."""
    match kind:
        case "emptyDir":
            if source.get("sizeLimit") is not None and parse_quantity(source["sizeLimit"]) < 0:
                causes.forbid(f"{place}.sizeLimit", "SizeLimit field must be a valid resource quantity")
        case "image":
            causes.check_choice(f"{place}.pullPolicy", source.get("pullPolicy"), ("Always", "IfNotPresent", "Never"))
        case "ephemeral":
            template = source.get("volumeClaimTemplate")
            if template is None:
                causes.require(f"{place}.volumeClaimTemplate")
            else:
                check_claim_spec(template.get("spec") or {}, f"{place}.volumeClaimTemplate.spec", causes)
        case "projected":
            for index, each in enumerate(source.get("sources") or ()):
                _check_projection(each, f"{place}.sources[{index}]", causes)
                _check_single(each, f"{place}.sources[{index}]", causes)
            _check_projected_paths(source.get("sources") or (), place, causes)
        case "downwardAPI":
            _check_downward_files(source, place, causes)
        case _:
            _check_items(source, place, causes)


def _check_publishing(source: Part, place: str, causes: Causes) -> None:
    secret = source.get("nodePublishSecretRef")
    if secret is None:
        return
    name = secret.get("name") or ""
    if not name:
        causes.require(f"{place}.nodePublishSecretRef.name")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse(f"{place}.name", name, text)


def _check_items(source: Part, place: str, causes: Causes) -> None:
    for index, item in enumerate(source.get("items") or ()):
        for name in ("key", "path"):
            if not item.get(name):
                causes.require(f"{place}.items[{index}].{name}")
        _check_path(item.get("path") or "", f"{place}.items[{index}].path", causes)
        _check_number_of_mode(item.get("mode"), f"{place}.items[{index}].mode", causes)


def _check_path(path: str, field: str, causes: Causes) -> None:
    _check_directory(path, field, causes)
    if path.startswith("..") and ".." not in path.split("/"):
        causes.refuse(field, path, "must not start with '..'")


def _check_directory(path: str, field: str, causes: Causes) -> None:
    if path.startswith("/"):
        causes.refuse(field, path, "must be a relative path")
    if ".." in path.split("/"):
        causes.refuse(field, path, "must not contain '..'")


def _check_downward_files(source: Part, place: str, causes: Causes) -> None:
    for item in source.get("items") or ():
        path = item.get("path") or ""
        if not path:
            causes.require(f"{place}.path")
        _check_path(path, f"{place}.path", causes)
        field, amount = item.get("fieldRef"), item.get("resourceFieldRef")
        if field is not None:
            check_field_reference(field, f"{place}.fieldRef", causes, choices=_FILE_FIELDS)
            if amount is not None:
                text = "fieldRef and resourceFieldRef can not be specified simultaneously"
                causes.refuse(place, "resource", text)
        elif amount is not None:
            check_amount_reference(amount, f"{place}.resourceFieldRef", causes, needs_container=True)
        else:
            causes.require(place, "one of fieldRef and resourceFieldRef is required")
        _check_number_of_mode(item.get("mode"), f"{place}.mode", causes)


def _check_single(source: Part, place: str, causes: Causes) -> None:
    if sum(value is not None for value in source.values()) > 1:
        causes.forbid(place, "may not specify more than 1 volume type per source")


def _check_projection(source: Part, place: str, causes: Causes) -> None:
    for kind in ("secret", "configMap"):
        if source.get(kind) is not None:
            if not source[kind].get("name"):
                causes.require(f"{place}.{kind}.name")
            _check_items(source[kind], f"{place}.{kind}", causes)
    if source.get("downwardAPI") is not None:
        _check_downward_files(source["downwardAPI"], f"{place}.downwardAPI", causes)
    token = source.get("serviceAccountToken")
    if token is not None:
        seconds, field = token.get("expirationSeconds") or 0, f"{place}.serviceAccountToken.expirationSeconds"
        if seconds < _LEAST_SECONDS:
            causes.refuse(field, seconds, "may not specify a duration less than 10 minutes")
        if seconds > 1 << 32:
            causes.refuse(field, seconds, "may not specify a duration larger than 2^32 seconds")
        root = place.rpartition(".")[0]
        if not token.get("path"):
            causes.require(f"{root}.path")
        _check_path(token.get("path") or "", f"{root}.path", causes)


def _check_projected_paths(sources: Sequence[Part], place: str, causes: Causes) -> None:
    """Check that no two sources write one file."""
    taken: set[str] = set()
    for source in sources:
        paths = [item.get("path") or "" for kind in _LISTS for item in (source.get(kind) or {}).get("items") or ()]
        paths += [
            (source[kind] or {}).get("path") or ""
            for kind in _FILES
            if source.get(kind) is not None and kind != "serviceAccountToken"
        ]
        for path in paths:
            if path and path in taken:
                causes.refuse(place, path, "conflicting duplicate paths")
            taken.add(path)


def _check_mode(source: Part, place: str, causes: Causes) -> None:
    _check_number_of_mode(source.get("defaultMode"), f"{place}.defaultMode", causes)


def _check_number_of_mode(mode: int | None, field: str, causes: Causes) -> None:
    most = 0o777
    if mode is not None and not 0 <= mode <= most:
        causes.refuse(field, mode, "must be a number between 0 and 0777 (octal), both inclusive")
