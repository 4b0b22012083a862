"""Variables of containers, and the references that give them their values.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidateEnv, ValidateEnvFrom,
validateEnvVarValueFrom); k8s.io/apimachinery v0.36.2, pkg/util/validation/validation.go (IsRelaxedEnvVarName).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kube_api_emulator.schemas.quantity import parse_quantity
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_config_key_problems,
    list_key_problems,
    list_subdomain_problems,
)

Part = Mapping[str, Any]

_VARIABLE_TEXT = "a valid environment variable name must consist only of printable ASCII characters other than '='"
_AMOUNTS = tuple(f"{kind}.{name}" for kind in ("limits", "requests") for name in ("cpu", "ephemeral-storage", "memory"))
_SOURCES = ("configMapKeyRef", "fieldRef", "resourceFieldRef", "secretKeyRef")
_SIZES = ("1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei")
_DIVISORS = {
    "cpu": (("1m", "1"), "cpu"),
    "memory": (_SIZES, "memory"),
    "ephemeral-storage": (_SIZES, "local ephemeral storage"),
    "hugepages": (_SIZES, "hugepages"),
}
_FIELDS = frozenset(
    {
        *("metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName"),
        *("status.hostIP", "status.podIP", "status.hostIPs", "status.podIPs"),
    }
)


def check_variables(variables: Sequence[Part], field: str, causes: Causes) -> None:
    """Check variables of one container."""
    for index, variable in enumerate(variables):
        place, name = f"{field}[{index}]", variable.get("name") or ""
        if not name:
            causes.require(f"{place}.name")
        elif not _is_variable(name):
            causes.refuse(f"{place}.name", name, _VARIABLE_TEXT)
        source = variable.get("valueFrom")
        if source is not None:
            _check_value_source(variable, source, f"{place}.valueFrom", causes)


def _is_variable(name: str) -> bool:
    return "=" not in name and name.isprintable() and name.isascii()


def _check_value_source(variable: Part, source: Part, place: str, causes: Causes) -> None:
    kinds = [kind for kind in _SOURCES if source.get(kind) is not None]
    if source.get("fieldRef") is not None:
        check_field_reference(source["fieldRef"], f"{place}.fieldRef", causes)
    if source.get("resourceFieldRef") is not None:
        check_amount_reference(source["resourceFieldRef"], f"{place}.resourceFieldRef", causes)
    for kind in ("configMapKeyRef", "secretKeyRef"):
        if source.get(kind) is not None:
            _check_key_reference(source[kind], f"{place}.{kind}", causes)
    if not kinds:
        listed = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
        causes.refuse(place, "", f"must specify one of: {listed}")
    elif variable.get("value"):
        causes.refuse(place, "", "may not be specified when `value` is not empty")
    elif len(kinds) > 1:
        causes.refuse(place, "", "may not have more than one field specified at a time")


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
    _check_divisor(resource, str(reference.get("divisor") or "0"), f"{place}.divisor", causes)


def _check_divisor(resource: str, divisor: str, field: str, causes: Causes) -> None:
    kind = resource.partition(".")[2]
    kind = "hugepages" if kind.startswith("hugepages-") else kind
    divisors, name = _DIVISORS.get(kind, ((), ""))
    if name and parse_quantity(divisor) and divisor not in divisors:
        listed = " and ".join(divisors) if kind == "cpu" else ", ".join(divisors)
        causes.refuse(field, resource, f"only divisor's values {listed} are supported with the {name} resource")


def check_field_reference(reference: Part, place: str, causes: Causes, *, choices: Collection[str] = _FIELDS) -> None:
    """Check a reference to a field of the pod."""
    path = reference.get("fieldPath") or ""
    if not reference.get("apiVersion"):
        causes.require(f"{place}.apiVersion")
    if not path:
        causes.require(f"{place}.fieldPath")
    elif reference.get("apiVersion") not in (None, "", "v1"):
        text = f"error converting fieldPath: unsupported pod version: {reference['apiVersion']}"
        causes.refuse(f"{place}.fieldPath", path, text)
    elif path not in choices and not path.startswith(("metadata.annotations['", "metadata.labels['")):
        root = path.partition("[")[0]
        if root in ("metadata.annotations", "metadata.labels") or (path not in _FIELDS and not _is_field_of_pod(path)):
            causes.refuse(f"{place}.fieldPath", path, "error converting fieldPath: field label not supported: " + path)
        else:
            causes.refuse_choice(f"{place}.fieldPath", path, sorted(choices))
    elif path.endswith("']") and path not in choices:
        key = path.partition("['")[2].removesuffix("']")
        # Keys of annotations are compared without their case.
        for text in list_key_problems(key.lower() if path.startswith("metadata.annotations") else key):
            causes.refuse(place, key, text)


def _is_field_of_pod(path: str) -> bool:
    return path in ("spec.restartPolicy", "spec.schedulerName", "status.phase", "status.nominatedNodeName")


def check_variable_sources(sources: Sequence[Part], field: str, causes: Causes) -> None:
    """Check the objects whose keys become variables."""
    for index, source in enumerate(sources):
        place, prefix = f"{field}[{index}]", source.get("prefix") or ""
        if not _is_variable(prefix):
            causes.refuse(f"{place}.prefix", prefix, _VARIABLE_TEXT)
        kinds = [kind for kind in ("configMapRef", "secretRef") if source.get(kind) is not None]
        for kind in kinds:
            check_reference(source[kind], f"{place}.{kind}", causes)
        if not kinds:
            causes.refuse(field, "", "must specify one of: `configMapRef` or `secretRef`")
        elif len(kinds) > 1:
            causes.refuse(field, "", "may not have more than one field specified at a time")
