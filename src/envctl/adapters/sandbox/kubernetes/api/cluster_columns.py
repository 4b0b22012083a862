"""The columns of `kubectl get` for kinds of administrators: access, classes, admission, flow control."""

from collections.abc import Callable

from envctl.adapters.sandbox.kubernetes.api.columns import (
    AGE,
    NONE,
    WIDE,
    Column,
    count_items,
    read_path,
    show_labels,
)
from envctl.adapters.sandbox.kubernetes.resources import Object

_UNSET = "<unset>"


def _role_reference(item: Object) -> str:
    return f"{item['roleRef']['kind']}/{item['roleRef']['name']}"


def _subjects(kind: str) -> Callable[[Object], object]:
    def show(item: Object) -> str:
        found = [each for each in item.get("subjects") or () if each.get("kind") == kind]
        is_account = kind == "ServiceAccount"
        return ", ".join(
            f"{each.get('namespace', '')}/{each['name']}" if is_account else each["name"] for each in found
        )

    return show


def _parameters(item: Object) -> str:
    found = item["spec"].get("parameters")
    if found is None:
        return NONE
    group = f".{found['apiGroup']}" if found.get("apiGroup") else ""
    return f"{found.get('kind', '')}{group}/{found.get('name', '')}"


def _parameter_kind(item: Object) -> str:
    found = item["spec"].get("paramKind")
    return f"{found.get('apiVersion', '')}/{found.get('kind', '')}" if found else _UNSET


def _parameter(item: Object) -> str:
    found = item["spec"].get("paramRef") or {}
    return f"{found.get('namespace') or '*'}/{found['name']}" if found.get("name") else _UNSET


def _is_set(*path: str, otherwise: bool = False) -> Callable[[Object], object]:
    return read_path(*path, otherwise=otherwise)


def _audiences(item: Object) -> str:
    found = item["spec"].get("tokenRequests")
    return _UNSET if found is None else ",".join(each.get("audience", "") for each in found)


def _modes_of_driver(item: Object) -> str:
    return ",".join(item["spec"].get("volumeLifecycleModes") or ()) or NONE


def _missing_level(item: Object) -> str:
    conditions = (item.get("status") or {}).get("conditions") or ()
    return next((str(each["status"]) for each in conditions if each["type"] == "Dangling"), "?")


def _condition(item: Object) -> str:
    types = [str(each["type"]) for each in (item.get("status") or {}).get("conditions") or ()]
    shown = [each for each in types if each in ("Approved", "Denied", "Failed")] or ["Pending"]
    issued = ["Issued"] if (item.get("status") or {}).get("certificate") else []
    return ",".join([*shown, *issued])


_BINDING = (
    Column("Role", _role_reference),
    AGE,
    Column("Users", _subjects("User"), priority=WIDE),
    Column("Groups", _subjects("Group"), priority=WIDE),
    Column("ServiceAccounts", _subjects("ServiceAccount"), priority=WIDE),
)
_CREATED = (Column("Created At", read_path("metadata", "creationTimestamp")),)
_QUEUING = ("spec", "limited", "limitResponse", "queuing")

CLUSTER_COLUMNS: dict[str, tuple[Column, ...]] = {
    "Role": _CREATED,
    "ClusterRole": _CREATED,
    "RoleBinding": _BINDING,
    "ClusterRoleBinding": _BINDING,
    "ServiceAccount": (),
    "ComponentStatus": (
        Column("Status", lambda item: "Healthy" if item["conditions"][0]["status"] == "True" else "Unhealthy"),
        Column("Message", lambda item: item["conditions"][0].get("message", "")),
        Column("Error", lambda item: item["conditions"][0].get("error", "")),
    ),
    "IngressClass": (Column("Controller", read_path("spec", "controller")), Column("Parameters", _parameters)),
    "PriorityClass": (
        Column("Value", read_path("value", otherwise=0), "integer"),
        Column("Global-Default", lambda item: bool(item.get("globalDefault")), "boolean"),
        AGE,
        Column("PreemptionPolicy", read_path("preemptionPolicy", otherwise="")),
    ),
    "RuntimeClass": (Column("Handler", read_path("handler")),),
    "VolumeAttributesClass": (Column("DriverName", read_path("driverName")),),
    "VolumeAttachment": (
        Column("Attacher", read_path("spec", "attacher")),
        Column("PV", read_path("spec", "source", "persistentVolumeName", otherwise="")),
        Column("Node", read_path("spec", "nodeName")),
        Column("Attached", _is_set("status", "attached"), "boolean"),
    ),
    "CSINode": (Column("Drivers", count_items("spec", "drivers"), "integer"),),
    "CSIDriver": (
        Column("AttachRequired", _is_set("spec", "attachRequired", otherwise=True), "boolean"),
        Column("PodInfoOnMount", _is_set("spec", "podInfoOnMount"), "boolean"),
        Column("StorageCapacity", _is_set("spec", "storageCapacity"), "boolean"),
        Column("TokenRequests", _audiences),
        Column("RequiresRepublish", _is_set("spec", "requiresRepublish"), "boolean"),
        Column("Modes", _modes_of_driver),
    ),
    **dict.fromkeys(
        ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
        (Column("Webhooks", count_items("webhooks"), "integer"),),
    ),
    "ValidatingAdmissionPolicy": (
        Column("Validations", count_items("spec", "validations"), "integer"),
        Column("ParamKind", _parameter_kind),
    ),
    "MutatingAdmissionPolicy": (
        Column("Mutations", count_items("spec", "mutations"), "integer"),
        Column("ParamKind", _parameter_kind),
    ),
    **dict.fromkeys(
        ("ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"),
        (Column("PolicyName", read_path("spec", "policyName")), Column("ParamRef", _parameter)),
    ),
    "FlowSchema": (
        Column("PriorityLevel", read_path("spec", "priorityLevelConfiguration", "name")),
        Column("MatchingPrecedence", read_path("spec", "matchingPrecedence", otherwise=0)),
        Column("DistinguisherMethod", read_path("spec", "distinguisherMethod", "type")),
        AGE,
        Column("MissingPL", _missing_level),
    ),
    "PriorityLevelConfiguration": (
        Column("Type", read_path("spec", "type")),
        Column("NominalConcurrencyShares", read_path("spec", "limited", "nominalConcurrencyShares")),
        *(
            Column(name, read_path(*_QUEUING, field))
            for name, field in (
                ("Queues", "queues"),
                ("HandSize", "handSize"),
                ("QueueLengthLimit", "queueLengthLimit"),
            )
        ),
    ),
    "CertificateSigningRequest": (
        AGE,
        Column("SignerName", read_path("spec", "signerName")),
        Column("Requestor", read_path("spec", "username", otherwise="")),
        Column("RequestedDuration", lambda item: _show_duration(item["spec"].get("expirationSeconds"))),
        Column("Condition", _condition),
    ),
    "ReplicationController": (
        Column("Desired", read_path("spec", "replicas", otherwise=0), "integer"),
        Column("Current", read_path("status", "replicas", otherwise=0), "integer"),
        Column("Ready", read_path("status", "readyReplicas", otherwise=0), "integer"),
        AGE,
        Column("Selector", show_labels("spec", "selector"), priority=WIDE),
    ),
    "IPAddress": (Column("ParentRef", lambda item: _show_parent(item["spec"].get("parentRef") or {})),),
    "ServiceCIDR": (Column("CIDRs", lambda item: ",".join(item["spec"].get("cidrs") or ())),),
}


def _show_duration(seconds: int | None) -> str:
    if seconds is None:
        return NONE
    units = (("d", 86400), ("h", 3600), ("m", 60))
    return next((f"{seconds // size}{unit}" for unit, size in units if seconds >= 2 * size), f"{seconds}s")


def _show_parent(parent: Object) -> str:
    return "/".join(part for part in (parent.get("resource"), parent.get("namespace"), parent.get("name")) if part)
