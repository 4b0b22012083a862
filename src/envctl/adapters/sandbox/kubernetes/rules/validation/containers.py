"""Containers of pods."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.validation.causes import Causes
from envctl.adapters.sandbox.kubernetes.rules.validation.names import (
    list_config_key_problems,
    list_key_problems,
    list_label_problems,
    list_port_name_problems,
    list_subdomain_problems,
)
from envctl.domain.kubernetes.quantity import parse_quantity

Part = Mapping[str, Any]

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_HEADER = re.compile(r"[-A-Za-z0-9]+")
_HEADER_TEXT = (
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
    "validation is '[-A-Za-z0-9]+')"
)
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_AMOUNTS = tuple(f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory"))
_STANDARD_RESOURCES = frozenset({"cpu", "memory", "ephemeral-storage"})
_SOURCES = ("configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef")
_FIELDS = frozenset(
    {
        *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
        *("status.hostIP", "status.podIP", "status.hostIPs", "status.podIPs"),
    }
)


def check_containers(
    containers: Sequence[Part], field: str, volumes: Collection[str], causes: Causes, *, is_init: bool = False
) -> None:
    """Check containers of one list. `volumes` are the names that they can mount."""
    names: set[str] = set()
    for index, container in enumerate(containers):
        place = f"{field}[{index}]"
        _check_container(container, place, volumes, causes)
        name = container.get("name") or ""
        if name and name in names:
            causes.report_duplicate(f"{place}.name", name)
        names.add(name)
        if not is_init or container.get("restartPolicy") == "Always":
            _check_probes(container, place, causes)


def _check_container(container: Part, place: str, volumes: Collection[str], causes: Causes) -> None:
    name = container.get("name") or ""
    if not name:
        causes.require(f"{place}.name")
    for text in list_label_problems(name) if name else ():
        causes.refuse(f"{place}.name", name, text)
    image = container.get("image") or ""
    if not image:
        causes.require(f"{place}.image")
    elif image != image.strip():
        causes.refuse(f"{place}.image", image, "must not have leading or trailing whitespace")
    policies = ("File", "FallbackToLogsOnError")
    causes.check_choice(f"{place}.terminationMessagePolicy", container.get("terminationMessagePolicy"), policies)
    _check_ports(container.get("ports") or (), f"{place}.ports", causes)
    _check_variables(container.get("env") or (), f"{place}.env", causes)
    _check_variable_sources(container.get("envFrom") or (), f"{place}.envFrom", causes)
    _check_mounts(container.get("volumeMounts") or (), f"{place}.volumeMounts", volumes, causes)
    causes.check_choice(
        f"{place}.imagePullPolicy", container.get("imagePullPolicy"), ("Always", "IfNotPresent", "Never")
    )
    check_resources(container.get("resources") or {}, f"{place}.resources", causes)


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


def _check_variables(variables: Sequence[Part], field: str, causes: Causes) -> None:
    for index, variable in enumerate(variables):
        place, name = f"{field}[{index}]", variable.get("name") or ""
        if not name:
            causes.require(f"{place}.name")
        elif "=" in name or not name.isprintable() or not name.isascii():
            text = "a valid environment variable name must consist only of printable ASCII characters other than '='"
            causes.refuse(f"{place}.name", name, text)
        source = variable.get("valueFrom")
        if source is not None:
            _check_value_source(variable, source, f"{place}.valueFrom", causes)


def _check_value_source(variable: Part, source: Part, place: str, causes: Causes) -> None:
    kinds = [kind for kind in _SOURCES if source.get(kind) is not None]
    if not kinds:
        listed = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        causes.refuse(place, "", f"must specify one of: {listed}")
    elif variable.get("value"):
        causes.refuse(place, "", "may not be specified when `value` is not empty")
    elif len(kinds) > 1:
        causes.refuse(place, "", "may not have more than one field specified at a time")
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if source.get(kind) is not None:
            _check_key_reference(source[kind], f"{place}.{kind}", causes)
    if source.get("fieldRef") is not None:
        check_field_reference(source["fieldRef"], f"{place}.fieldRef", causes)
    if source.get("resourceFieldRef") is not None:
        check_amount_reference(source["resourceFieldRef"], f"{place}.resourceFieldRef", causes)


def check_reference(reference: Part, place: str, causes: Causes) -> None:
    """Check the name of another object in the namespace."""
    name = reference.get("name") or ""
    if not name:
        causes.require(f"{place}.name")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse(f"{place}.name", name, text)


def _check_key_reference(reference: Part, place: str, causes: Causes) -> None:
    name = reference.get("name") or ""
    for text in list_subdomain_problems(name):
        causes.refuse(f"{place}.name", name, text)
    if not reference.get("key"):
        causes.require(f"{place}.key")
    for text in list_config_key_problems(reference["key"]) if reference.get("key") else ():
        causes.refuse(f"{place}.key", reference["key"], text)


def check_amount_reference(reference: Part, place: str, causes: Causes, *, needs_container: bool = False) -> None:
    """Check a reference to limits or requests of a container."""
    resource = reference.get("resource") or ""
    if needs_container and not reference.get("containerName"):
        causes.require(f"{place}.containerName")
        return
    if not resource:
        causes.require(f"{place}.resource")
    elif resource not in _AMOUNTS and not resource.startswith(("limits.hugepages-", "requests.hugepages-")):
        causes.refuse_choice(f"{place}.resource", resource, _AMOUNTS)


def check_field_reference(reference: Part, place: str, causes: Causes, *, choices: Collection[str] = _FIELDS) -> None:
    """Check a reference to a field of the pod."""
    path = reference.get("fieldPath") or ""
    if not reference.get("apiVersion"):
        causes.require(f"{place}.apiVersion")
    if not path:
        causes.require(f"{place}.fieldPath")
    elif path not in choices and not path.startswith(("metadata.annotations['", "metadata.labels['")):
        root = path.partition("[")[0]
        if root in ("metadata.annotations", "metadata.labels") or (path not in _FIELDS and not _is_field_of_pod(path)):
            causes.refuse(f"{place}.fieldPath", path, "error converting fieldPath: field label not supported: " + path)
        else:
            causes.refuse_choice(f"{place}.fieldPath", path, sorted(choices))


def _is_field_of_pod(path: str) -> bool:
    return path in ("spec.restartPolicy", "spec.schedulerName", "status.phase", "status.nominatedNodeName")


def _check_variable_sources(sources: Sequence[Part], field: str, causes: Causes) -> None:
    for index, source in enumerate(sources):
        place = f"{field}[{index}]"
        kinds = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
        for kind in kinds:
            check_reference(source[kind], f"{place}.{kind}", causes)
        if not kinds:
            causes.refuse(field, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(kinds) > 1:
            causes.refuse(field, "", "may not have more than one field specified at a time")


def _check_mounts(mounts: Sequence[Part], field: str, volumes: Collection[str], causes: Causes) -> None:
    paths: set[str] = set()
    for index, mount in enumerate(mounts):
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
        ways = ("Bidirectional", "HostToContainer", "None")
        causes.check_choice(f"{field}.mountPropagation", mount.get("mountPropagation"), ways)
        below = mount.get("subPath") or ""
        if below.startswith("/"):
            causes.refuse(f"{place}.subPath", below, "must be a relative path")
        if ".." in below.split("/"):
            causes.refuse(f"{place}.subPath", below, "must not contain '..'")


def check_resources(resources: Part, field: str, causes: Causes) -> None:
    """Check limits and requests. All values are amounts."""
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    for group, amounts in (("limits", limits), ("requests", requests)):
        for name, value in sorted(amounts.items()):
            check_resource_name(name, f"{field}.{group}", causes)
            if parse_quantity(value) < 0:
                causes.refuse(f"{field}.{group}[{name}]", value, "must be greater than or equal to 0")
    for name, value in sorted(requests.items()):
        if name in limits and parse_quantity(value) > parse_quantity(limits[name]):
            detail = f"must be less than or equal to {name} limit of {limits[name]}"
            causes.refuse(f"{field}.requests", value, detail)


def check_resource_name(name: str, field: str, causes: Causes) -> None:
    """Check the name of a resource that containers ask for."""
    for text in list_key_problems(name):
        causes.refuse(field, name, text)
    if "/" not in name and name not in _STANDARD_RESOURCES and not name.startswith("hugepages-"):
        causes.refuse(field, name, "must be a standard resource type or fully qualified")
        causes.refuse(field, name, "must be a standard resource for containers")


def _check_probes(container: Part, place: str, causes: Causes) -> None:
    for name in ("livenessProbe", "readinessProbe", "startupProbe"):
        probe = container.get(name)
        if probe is not None:
            _check_probe(probe, f"{place}.{name}", causes)
            grace = probe.get("terminationGracePeriodSeconds")
            if grace is not None and grace <= 0:
                causes.refuse(f"{place}.{name}.terminationGracePeriodSeconds", grace, "must be greater than 0")
            if name != "readinessProbe" and probe.get("successThreshold") != 1:
                causes.refuse(f"{place}.{name}.successThreshold", probe.get("successThreshold"), "must be 1")
    for name, handler in sorted((container.get("lifecycle") or {}).items()):
        if name in ("postStart", "preStop"):
            _check_handler(handler, f"{place}.lifecycle.{name}", causes)


def _check_probe(probe: Part, place: str, causes: Causes) -> None:
    _check_handler(probe, place, causes)
    numbers = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
    for name in numbers:
        causes.check_not_negative(f"{place}.{name}", probe.get(name))


def _check_handler(handler: Part, place: str, causes: Causes) -> None:
    kinds = [kind for kind in (*_HANDLERS, "sleep") if handler.get(kind) is not None]
    for kind in kinds[1:]:
        causes.forbid(f"{place}.{kind}", "may not specify more than 1 handler type")
    if not kinds:
        causes.require(place, "must specify a handler type")
        return
    kind = kinds[0]
    action = handler[kind]
    if kind == "exec" and not action.get("command"):
        causes.require(f"{place}.exec.command")
    if kind == "httpGet":
        if not action.get("path"):
            causes.require(f"{place}.httpGet.path")
        for header in action.get("httpHeaders") or ():
            if not _HEADER.fullmatch(header.get("name") or ""):
                causes.refuse(f"{place}.httpGet.httpHeaders", header.get("name") or "", _HEADER_TEXT)
        causes.check_choice(f"{place}.httpGet.scheme", action.get("scheme"), ("HTTP", "HTTPS"))
    if kind in ("httpGet", "tcpSocket", "grpc"):
        check_port_or_name(action.get("port"), f"{place}.{kind}.port", causes)


def check_port_or_name(port: object, field: str, causes: Causes) -> None:
    """Check a number or a name of a port; nothing counts as 0."""
    if isinstance(port, str):
        for text in list_port_name_problems(port):
            causes.refuse(field, port, text)
    else:
        causes.check_port(field, port if port is not None else 0)
