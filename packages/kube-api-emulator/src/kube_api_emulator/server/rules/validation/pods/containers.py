"""Containers of pods.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (validateContainers, validateInitContainers,
validateEphemeralContainers, validateContainerCommon, ValidateVolumeMounts).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_label_problems,
    list_port_name_problems,
)
from kube_api_emulator.server.rules.validation.pods.handlers import check_handlers, forbid_handlers
from kube_api_emulator.server.rules.validation.pods.resources import check_resources
from kube_api_emulator.server.rules.validation.pods.security import (
    check_container_context,
    check_relative_path,
)
from kube_api_emulator.server.rules.validation.pods.variables import (
    check_variable_sources,
    check_variables,
)

Part = Mapping[str, Any]

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_RESTART = "RestartContainer"
_EPHEMERAL = "cannot be set for an Ephemeral Container"
_NOT_EPHEMERAL = (
    *("ports", "resources", "resizePolicy", "restartPolicy"),
    *("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"),
)


def check_containers(spec: Part, field: str, volumes: Mapping[str, Part], causes: Causes) -> None:
    """Check the main containers of a pod. `volumes` are those that they can mount, by name."""
    containers = spec.get("containers") or ()
    if not containers:
        causes.require(f"{field}.containers")
    names: set[str] = set()
    for index, container in enumerate(containers):
        place, name = f"{field}.containers[{index}]", container.get("name") or ""
        _check_container(container, spec, place, volumes, causes)
        if name in names:
            causes.report_duplicate(f"{place}.name", name)
        names.add(name)
        check_handlers(container, spec, place, causes)
        _check_restarts(container, place, causes)
    _check_host_ports(containers, f"{field}.containers", causes)


def check_init_containers(spec: Part, field: str, volumes: Mapping[str, Part], causes: Causes) -> None:
    """Check the containers that run before the main ones, or beside them."""
    names = {container.get("name") or "" for container in spec.get("containers") or ()}
    for index, container in enumerate(spec.get("initContainers") or ()):
        place, name = f"{field}.initContainers[{index}]", container.get("name") or ""
        _check_container(container, spec, place, volumes, causes)
        _check_restarts(container, place, causes)
        if name in names:
            causes.report_duplicate(f"{place}.name", name)
        elif name:
            names.add(name)
        # The server names the first container, whichever it is.
        _check_host_ports([container], f"{field}.initContainers", causes)
        if container.get("restartPolicy") == "Always":
            check_handlers(container, spec, place, causes)
            continue
        forbid_handlers(container, place, causes)
        for number, policy in enumerate(container.get("resizePolicy") or ()):
            if policy.get("restartPolicy") == _RESTART:
                text = f"must not be set to '{_RESTART}' for non-sidecar initContainers"
                causes.refuse(f"{place}.resizePolicy[{number}].restartPolicy", _RESTART, text)


def check_ephemeral_containers(spec: Part, field: str, volumes: Mapping[str, Part], causes: Causes) -> None:
    """Check the containers that come into a running pod."""
    others = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    targets = {container.get("name") or "" for container in others}
    names = set(targets)
    for index, container in enumerate(spec.get("ephemeralContainers") or ()):
        place, name = f"{field}.ephemeralContainers[{index}]", container.get("name") or ""
        _check_container(container, spec, place, volumes, causes)
        _check_image(container, place, causes)
        if name in names:
            causes.report_duplicate(f"{place}.name", name)
        names.add(name)
        target = container.get("targetContainerName")
        if target and target not in targets:
            causes.report_missing(f"{place}.targetContainerName", target)
        for part in _NOT_EPHEMERAL:
            if part in container and (container[part] or part != "resources"):
                causes.forbid(f"{place}.{part}", _EPHEMERAL)
        for number, mount in enumerate(container.get("volumeMounts") or ()):
            for part in ("subPath", "subPathExpr"):
                if mount.get(part):
                    causes.forbid(f"{place}.volumeMounts[{number}].{part}", _EPHEMERAL)


def check_images(spec: Part, field: str, causes: Causes) -> None:
    """Check what only pods are refused for, and not their templates."""
    for group in ("containers", "initContainers"):
        for index, container in enumerate(spec.get(group) or ()):
            _check_image(container, f"{field}.{group}[{index}]", causes)


def _check_image(container: Part, place: str, causes: Causes) -> None:
    image = container.get("image") or ""
    if image != image.strip():
        causes.refuse(f"{place}.image", image, "must not have leading or trailing whitespace")


def _check_container(container: Part, spec: Part, place: str, volumes: Mapping[str, Part], causes: Causes) -> None:
    name = container.get("name") or ""
    if not name:
        causes.require(f"{place}.name")
    for text in list_label_problems(name) if name else ():
        causes.refuse(f"{place}.name", name, text)
    if not container.get("image"):
        causes.require(f"{place}.image")
    policies = ("File", "FallbackToLogsOnError")
    causes.check_choice(f"{place}.terminationMessagePolicy", container.get("terminationMessagePolicy"), policies)
    _check_ports(container.get("ports") or (), f"{place}.ports", causes)
    check_variables(container.get("env") or (), f"{place}.env", causes)
    check_variable_sources(container.get("envFrom") or (), f"{place}.envFrom", causes)
    _check_mounts(container, f"{place}.volumeMounts", volumes, causes)
    _check_devices(container, f"{place}.volumeDevices", volumes, causes)
    causes.check_choice(
        f"{place}.imagePullPolicy", container.get("imagePullPolicy"), ("Always", "IfNotPresent", "Never")
    )
    check_resources(container.get("resources") or {}, f"{place}.resources", causes)
    _check_resize(container.get("resizePolicy") or (), spec, f"{place}.resizePolicy", causes)
    context = container.get("securityContext") or {}
    check_container_context(
        context, f"{place}.securityContext", causes, has_host_users=spec.get("hostUsers") is not False
    )


def _check_restarts(container: Part, place: str, causes: Causes) -> None:
    policies = ("Always", "Never", "OnFailure")
    causes.check_choice(f"{place}.restartPolicy", container.get("restartPolicy"), policies)


def _check_resize(policies: Sequence[Part], spec: Part, field: str, causes: Causes) -> None:
    seen: set[str] = set()
    for index, each in enumerate(policies):
        name, policy = each.get("resourceName") or "", each.get("restartPolicy") or ""
        if name in seen:
            causes.report_duplicate(f"{field}[{index}]", name)
        seen.add(name)
        for value, choices in ((name, ("cpu", "memory")), (policy, ("NotRequired", _RESTART))):
            if not value:
                causes.require(field)
            elif value not in choices:
                causes.refuse_choice(field, value, choices)
        if spec.get("restartPolicy") == "Never" and policy != "NotRequired":
            causes.refuse(field, policy, "must be 'NotRequired' when pod `restartPolicy` is 'Never'")


def _check_host_ports(containers: Sequence[Part], field: str, causes: Causes) -> None:
    """Check that containers share no port of their node."""
    taken: set[str] = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.get("ports") or ()):
            if not port.get("hostPort"):
                continue
            shown = f"{port.get('protocol') or ''}/{port.get('hostIP') or ''}/{port['hostPort']}"
            if shown in taken:
                causes.report_duplicate(f"{field}[{index}].ports[{number}].hostPort", shown)
            taken.add(shown)


def _check_ports(ports: Sequence[Part], field: str, causes: Causes) -> None:
    names: set[str] = set()
    for index, port in enumerate(ports):
        place, name = f"{field}[{index}]", port.get("name") or ""
        if name:
            problems = list_port_name_problems(name)
            for text in problems:
                causes.refuse(f"{place}.name", name, text)
            if not problems and name in names:
                causes.report_duplicate(f"{place}.name", name)
            names.add(name)
        if not port.get("containerPort"):
            causes.require(f"{place}.containerPort")
        causes.check_port(f"{place}.containerPort", port.get("containerPort") or None)
        causes.check_port(f"{place}.hostPort", port.get("hostPort") or None)
        causes.check_choice(f"{place}.protocol", port.get("protocol"), _PROTOCOLS)


def _check_mounts(container: Part, field: str, volumes: Mapping[str, Part], causes: Causes) -> None:
    paths: set[str] = set()
    devices = {each.get("name"): each.get("devicePath") for each in container.get("volumeDevices") or ()}
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        place, name, path = f"{field}[{index}]", mount.get("name") or "", mount.get("mountPath") or ""
        if not name:
            causes.require(f"{place}.name")
        if name not in volumes:
            causes.report_missing(f"{place}.name", name)
        if not path:
            causes.require(f"{place}.mountPath")
        if path in paths:
            causes.refuse(f"{place}.mountPath", path, "must be unique")
        paths.add(path)
        if name in devices:
            causes.refuse(f"{place}.name", name, "must not already exist in volumeDevices")
        if path in devices.values():
            causes.refuse(f"{place}.mountPath", path, "must not already exist as a path in volumeDevices")
        _check_parts(mount, field, place, causes)
        _check_propagation(mount, container, field, causes)


def _check_parts(mount: Part, field: str, place: str, causes: Causes) -> None:
    below, pattern = mount.get("subPath") or "", mount.get("subPathExpr") or ""
    check_relative_path(below, f"{field}.subPath", causes)
    if below and pattern:
        causes.refuse(f"{place}.subPathExpr", pattern, "subPathExpr and subPath are mutually exclusive")
    check_relative_path(pattern, f"{field}.subPathExpr", causes)


def _check_propagation(mount: Part, container: Part, field: str, causes: Causes) -> None:
    way, depth = mount.get("mountPropagation"), mount.get("recursiveReadOnly")
    causes.check_choice(f"{field}.mountPropagation", way, ("Bidirectional", "HostToContainer", "None"))
    if way == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
        text = "Bidirectional mount propagation is available only to privileged containers"
        causes.forbid(f"{field}.mountPropagation", text)
    causes.check_choice(f"{field}.recursiveReadOnly", depth, ("Disabled", "Enabled", "IfPossible"))
    if depth in ("Enabled", "IfPossible"):
        if not mount.get("readOnly"):
            causes.forbid(f"{field}.recursiveReadOnly", "may only be specified when readOnly is true")
        if way not in (None, "None"):
            text = "may only be specified when mountPropagation is None or not specified"
            causes.forbid(f"{field}.recursiveReadOnly", text)


def _check_devices(container: Part, field: str, volumes: Mapping[str, Part], causes: Causes) -> None:
    mounts = {each.get("name"): each.get("mountPath") for each in container.get("volumeMounts") or ()}
    names: set[str] = set()
    paths: set[str] = set()
    for index, device in enumerate(container.get("volumeDevices") or ()):
        place, name, path = f"{field}[{index}]", device.get("name") or "", device.get("devicePath") or ""
        _check_device_volume(name, f"{place}.name", names, volumes, causes)
        _check_device_path(path, f"{place}.devicePath", paths, causes)
        if name in mounts:
            causes.refuse(f"{place}.name", name, "must not already exist in volumeMounts")
        if path in mounts.values():
            causes.refuse(f"{place}.devicePath", path, "must not already exist as a path in volumeMounts")
        names.add(name)
        paths.add(path)


def _check_device_volume(name: str, field: str, taken: set[str], volumes: Mapping[str, Part], causes: Causes) -> None:
    if not name:
        causes.require(field)
    if name in taken:
        causes.refuse(field, name, "must be unique")
    volume = volumes.get(name)
    if volume is None:
        causes.report_missing(field, name)
    elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
        text = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
        causes.refuse(field, name, text)


def _check_device_path(path: str, field: str, taken: set[str], causes: Causes) -> None:
    if not path:
        causes.require(field)
    if path in taken:
        causes.refuse(field, path, "must be unique")
    if ".." in path.split("/"):
        causes.refuse(field, path, "can not contain backsteps ('..')")
