"""Secrets and ConfigMaps that a pod needs before its containers start, with the messages of the kubelet.

https://kubernetes.io/docs/tasks/configure-pod-container/configure-pod-configmap/#restrictions

Source: k8s.io/kubernetes v1.36.2, pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), pkg/volume/secret/secret.go
(MakePayload), pkg/volume/configmap/configmap.go (MakePayload).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kube_api_emulator.server.controllers.context import Context
from kube_api_emulator.server.resources import Object, Place

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_CONTAINERS = ("initContainers", "containers")


@dataclass(frozen=True)
class MissingConfiguration:
    """What a pod waits for.

    Attributes:
        container: the name of the container with the reference; empty for a volume.
        message: of the kubelet.
    """

    container: str
    message: str


@dataclass(frozen=True)
class _Kind:
    plural: str
    kind: str
    key_name: str


_SECRETS = _Kind("secrets", "Secret", "secret")
_CONFIG_MAPS = _Kind("configmaps", "ConfigMap", "config")


def find_missing_volume(context: Context, pod: Object) -> MissingConfiguration | None:
    """Return why a volume of the pod can't be mounted: no container starts before."""
    for volume in pod["spec"].get("volumes") or ():
        sources = (volume.get("projected") or {}).get("sources") or (volume,)
        for source in sources:
            for kind, field, name_field in ((_SECRETS, "secret", "secretName"), (_CONFIG_MAPS, "configMap", "name")):
                given = source.get(field)
                if not given or given.get("optional"):
                    continue
                # A projected source of a Secret has the field `name`.
                name = given.get(name_field) or given.get("name", "")
                keys = [each["key"] for each in given.get("items") or ()]
                if problem := _find_volume_problem(context, pod, kind, name, keys):
                    message = f'MountVolume.SetUp failed for volume "{volume["name"]}" : {problem}'
                    return MissingConfiguration("", message)
    return None


def find_missing_variable(context: Context, pod: Object) -> MissingConfiguration | None:
    """Return why the variables of a container can't be set."""
    for field in _CONTAINERS:
        for container in pod["spec"].get(field) or ():
            for kind, reference in _list_references(container):
                if problem := _find_problem(context, pod, kind, reference):
                    return MissingConfiguration(container["name"], problem)
    return None


def _list_references(container: Mapping[str, Any]) -> Iterator[tuple[_Kind, Mapping[str, Any]]]:
    for each in container.get("envFrom") or ():
        for kind, field in ((_CONFIG_MAPS, "configMapRef"), (_SECRETS, "secretRef")):
            if each.get(field):
                yield kind, each[field]
    for each in container.get("env") or ():
        source = each.get("valueFrom") or {}
        for kind, field in ((_CONFIG_MAPS, "configMapKeyRef"), (_SECRETS, "secretKeyRef")):
            if source.get(field):
                yield kind, source[field]


def _find_problem(context: Context, pod: Object, kind: _Kind, reference: Mapping[str, Any]) -> str:
    if reference.get("optional"):
        return ""
    name, key = reference.get("name", ""), reference.get("key", "")
    namespace = pod["metadata"]["namespace"]
    known = _read_keys(context, kind, namespace, name)
    if known is None:
        return _describe_absence(context, kind, namespace, name)
    return f"couldn't find key {key} in {kind.kind} {namespace}/{name}" if key and key not in known else ""


def _find_volume_problem(context: Context, pod: Object, kind: _Kind, name: str, keys: Iterable[str]) -> str:
    namespace = pod["metadata"]["namespace"]
    known = _read_keys(context, kind, namespace, name)
    if known is None:
        return _describe_absence(context, kind, namespace, name)
    missing = next((each for each in keys if each not in known), "")
    return f"references non-existent {kind.key_name} key: {missing}" if missing else ""


def _describe_absence(context: Context, kind: _Kind, namespace: str, name: str) -> str:
    """Return the message for an object that is not there; empty if a program would make it."""
    return "" if _is_made_by_program(context, namespace, name) else f'{kind.kind.lower()} "{name}" not found'


def _read_keys(context: Context, kind: _Kind, namespace: str, name: str) -> set[str] | None:
    """Return the keys of a Secret or ConfigMap; None without it."""
    found = context.cluster.store.find(Place(context.find("", kind.plural), namespace, name))
    return None if found is None else {*(found.get("data") or ()), *(found.get("binaryData") or ())}


def _is_made_by_program(context: Context, namespace: str, name: str) -> bool:
    """Tell whether a program in the cluster would make the object: none runs here.

    Such a program knows the name from a custom resource, as of an ExternalSecret or a Certificate, or from the
    arguments of its container, as the Jobs of charts that make certificates.
    """
    resources = context.cluster.resources.list_all()
    custom = {each.key: each for each in resources if each.is_custom and each.is_namespaced}
    for resource in custom.values():
        for item in context.cluster.store.list_items(resource, namespace):
            wanted = {"name": item["metadata"]["name"], "spec": item.get("spec")}
            if name in _list_names(wanted):
                return True
    return any(
        name in _list_names([container.get("command"), container.get("args")])
        for pod in context.cluster.store.list_items(context.find("", "pods"), namespace)
        for field in _CONTAINERS
        for container in pod["spec"].get(field) or ()
    )


def _list_names(value: object) -> set[str]:
    """Return all that could be the name of an object in a value."""
    return {found[0] for found in _NAME.finditer(json.dumps(value))}
