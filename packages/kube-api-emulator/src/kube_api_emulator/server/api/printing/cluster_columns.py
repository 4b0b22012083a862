"""The cells of kinds of administrators: access, nodes, classes, admission, flow control."""

from kube_api_emulator.server.api.printing.cells import (
    NONE,
    UNKNOWN,
    UNSET,
    Reader,
    count_items,
    format_selector,
    read_name,
    read_path,
)
from kube_api_emulator.server.resources import Object

_ROLE, _OLD_ROLE = "node-role.kubernetes.io/", "kubernetes.io/role"
_DEFAULTS = {
    "StorageClass": ("storageclass.kubernetes.io", "storageclass.beta.kubernetes.io"),
    "IngressClass": ("ingressclass.kubernetes.io",),
}


def _show_class_name(kind: str) -> Reader:
    """Return a reader of the name of a class, which says whether it is the default."""
    marks = [f"{prefix}/is-default-class" for prefix in _DEFAULTS[kind]]

    def show(item: Object) -> str:
        annotations = item["metadata"].get("annotations") or {}
        is_default = any(annotations.get(mark) == "true" for mark in marks)
        return f"{read_name(item)} (default)" if is_default else read_name(item)

    return show


def _show_role(item: Object) -> str:
    return f"{item['roleRef']['kind']}/{item['roleRef']['name']}"


def _show_subjects(kind: str) -> Reader:
    def show(item: Object) -> str:
        found = [each for each in item.get("subjects") or () if each.get("kind") == kind]
        is_account = kind == "ServiceAccount"
        return ", ".join(
            f"{each.get('namespace', '')}/{each['name']}" if is_account else each["name"] for each in found
        )

    return show


def _show_parameters(item: Object) -> str:
    found = item["spec"].get("parameters")
    if found is None:
        return NONE
    group = f".{found['apiGroup']}" if found.get("apiGroup") is not None else ""
    return f"{found.get('kind', '')}{group}/{found.get('name', '')}"


def _show_parameter_kind(item: Object) -> str:
    found = item["spec"].get("paramKind")
    return f"{found.get('apiVersion', '')}/{found.get('kind', '')}" if found else UNSET


def _show_parameter(item: Object) -> str:
    found = item["spec"].get("paramRef") or {}
    if found.get("name"):
        return f"{found.get('namespace') or '*'}/{found['name']}"
    return format_selector(found["selector"]) if found.get("selector") is not None else UNSET


def _is_set(*path: str, otherwise: bool = False) -> Reader:
    return read_path(*path, otherwise=otherwise)


def _show_audiences(item: Object) -> str:
    found = item["spec"].get("tokenRequests")
    return UNSET if found is None else ",".join(each.get("audience", "") for each in found)


def _show_modes(item: Object) -> str:
    return ",".join(item["spec"].get("volumeLifecycleModes") or ()) or NONE


def _show_node_state(item: Object) -> str:
    conditions = (item.get("status") or {}).get("conditions") or ()
    ready = next((each for each in conditions if each["type"] == "Ready"), None)
    text = "Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"
    return f"{text},SchedulingDisabled" if item["spec"].get("unschedulable") else text


def _show_node_roles(item: Object) -> str:
    labels = item["metadata"].get("labels") or {}
    roles = {name.removeprefix(_ROLE) for name in labels if name.startswith(_ROLE)} | {labels.get(_OLD_ROLE, "")}
    return ",".join(sorted(roles - {""})) or NONE


def _show_node_address(kind: str) -> Reader:
    def show(item: Object) -> str:
        addresses = (item.get("status") or {}).get("addresses") or ()
        return next((str(each["address"]) for each in addresses if each["type"] == kind), NONE)

    return show


def _show_kernel(item: Object) -> str:
    system = (item.get("status") or {}).get("nodeInfo") or {}
    machine = f" ({system['architecture']})" if system.get("architecture") else ""
    return f"{system.get('kernelVersion') or UNKNOWN}{machine}"


def _show_service(item: Object) -> str:
    service = item["spec"].get("service")
    return f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"


def _show_availability(item: Object) -> str:
    conditions = (item.get("status") or {}).get("conditions") or ()
    found = next((each for each in conditions if each["type"] == "Available"), None)
    if found is None:
        return "Unknown"
    has_reason = found["status"] != "True" and found.get("reason")
    return f"{found['status']} ({found['reason']})" if has_reason else str(found["status"])


_BINDING = {
    "Role": _show_role,
    "Users": _show_subjects("User"),
    "Groups": _show_subjects("Group"),
    "ServiceAccounts": _show_subjects("ServiceAccount"),
}
_SYSTEM = ("status", "nodeInfo")

CLUSTER_COLUMNS: dict[str, dict[str, Reader]] = {
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "Node": {
        "Status": _show_node_state,
        "Roles": _show_node_roles,
        "Version": read_path(*_SYSTEM, "kubeletVersion", otherwise=""),
        "Internal-IP": _show_node_address("InternalIP"),
        "External-IP": _show_node_address("ExternalIP"),
        "OS-Image": read_path(*_SYSTEM, "osImage", otherwise=UNKNOWN),
        "Kernel-Version": _show_kernel,
        "Container-Runtime": read_path(*_SYSTEM, "containerRuntimeVersion", otherwise=UNKNOWN),
    },
    "IngressClass": {
        "Name": _show_class_name("IngressClass"),
        "Controller": read_path("spec", "controller", otherwise=""),
        "Parameters": _show_parameters,
    },
    "StorageClass": {
        "Name": _show_class_name("StorageClass"),
        "Provisioner": read_path("provisioner", otherwise=""),
        "ReclaimPolicy": read_path("reclaimPolicy", otherwise="Delete"),
        "VolumeBindingMode": read_path("volumeBindingMode", otherwise="Immediate"),
        "AllowVolumeExpansion": _is_set("allowVolumeExpansion"),
    },
    "PriorityClass": {
        "Value": read_path("value", otherwise=0),
        "Global-Default": _is_set("globalDefault"),
        "PreemptionPolicy": read_path("preemptionPolicy", otherwise=""),
    },
    "RuntimeClass": {"Handler": read_path("handler", otherwise="")},
    "CSIDriver": {
        "AttachRequired": _is_set("spec", "attachRequired", otherwise=True),
        "PodInfoOnMount": _is_set("spec", "podInfoOnMount"),
        "StorageCapacity": _is_set("spec", "storageCapacity"),
        "TokenRequests": _show_audiences,
        "RequiresRepublish": _is_set("spec", "requiresRepublish"),
        "Modes": _show_modes,
    },
    "MutatingWebhookConfiguration": {"Webhooks": count_items("webhooks")},
    "ValidatingWebhookConfiguration": {"Webhooks": count_items("webhooks")},
    "ValidatingAdmissionPolicy": {
        "Validations": count_items("spec", "validations"),
        "ParamKind": _show_parameter_kind,
    },
    "ValidatingAdmissionPolicyBinding": {
        "PolicyName": read_path("spec", "policyName", otherwise=""),
        "ParamRef": _show_parameter,
    },
    "APIService": {"Service": _show_service, "Available": _show_availability},
}
