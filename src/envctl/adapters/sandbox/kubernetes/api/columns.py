"""The columns of `kubectl get` for built-in kinds (pkg/printers/internalversion in kubernetes/kubernetes)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from envctl.adapters.sandbox.kubernetes.resources import Object

_SECONDS = (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("m", 60))
NONE = "<none>"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
WIDE = 1


@dataclass(frozen=True)
class Column:
    name: str
    read: Callable[[Object], object]
    type: str = "string"
    priority: int = 0


def format_age(timestamp: str, until: str = "", none: str = "<unknown>") -> str:
    """Return the time between two moments, without the second until now, as kubectl shows it."""
    try:
        created = datetime.strptime(timestamp, _TIME).replace(tzinfo=UTC)
        ended = datetime.strptime(until, _TIME).replace(tzinfo=UTC) if until else datetime.now(UTC)
    except ValueError:
        return none
    seconds = max(0, int((ended - created).total_seconds()))
    for unit, length in _SECONDS:
        if seconds >= 2 * length:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"


AGE = Column("Age", lambda item: format_age(item["metadata"].get("creationTimestamp", "")))


def read_path(*path: str, otherwise: object = NONE) -> Callable[[Object], object]:
    """Return a reader of a value."""

    def read(item: Object) -> object:
        found: object = item
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return otherwise if found in (None, "") else found

    return read


def count_items(*path: str) -> Callable[[Object], object]:
    """Return a counter of the items of a list or a map."""
    read = read_path(*path, otherwise=())

    def count(item: Object) -> int:
        found = read(item)
        return len(found) if isinstance(found, Sequence | Mapping) else 0

    return count


def _of(ready: Callable[[Object], object], wanted: Callable[[Object], object]) -> Callable[[Object], object]:
    return lambda item: f"{ready(item)}/{wanted(item)}"


_REPLICAS = read_path("spec", "replicas", otherwise=0)
_READY = _of(read_path("status", "readyReplicas", otherwise=0), _REPLICAS)


def _pod_ready(item: Object) -> str:
    states = (item.get("status") or {}).get("containerStatuses") or ()
    return f"{sum(bool(state.get('ready')) for state in states)}/{len(item['spec'].get('containers') or ())}"


def _pod_status(item: Object) -> str:
    if item["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = item.get("status") or {}
    for state in status.get("containerStatuses") or ():
        current = state.get("state") or {}
        for kind in ("waiting", "terminated"):
            if reason := (current.get(kind) or {}).get("reason"):
                return str(reason)
    return str(status.get("phase", "Pending"))


def _pod_restarts(item: Object) -> int:
    return sum(state.get("restartCount", 0) for state in (item.get("status") or {}).get("containerStatuses") or ())


def _service_ports(item: Object) -> str:
    ports = item["spec"].get("ports") or ()
    shown = [f"{port['port']}{_node_port(port)}/{port.get('protocol', 'TCP')}" for port in ports]
    return ",".join(shown) or NONE


def _node_port(port: Object) -> str:
    return f":{port['nodePort']}" if port.get("nodePort") else ""


def _external_address(item: Object) -> str:
    if item["spec"].get("type") == "ExternalName":
        return str(item["spec"].get("externalName", ""))
    if item["spec"].get("type") != "LoadBalancer":
        return ",".join(item["spec"].get("externalIPs") or ()) or NONE
    ingress = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(str(each.get("hostname") or each.get("ip")) for each in ingress) or "<pending>"


def _ingress_hosts(item: Object) -> str:
    return ",".join(rule.get("host", "*") for rule in item["spec"].get("rules") or ()) or "*"


def _read_wide(name: str, *path: str) -> Column:
    return Column(name, read_path(*path), priority=WIDE)


def _node_status(item: Object) -> str:
    conditions = (item.get("status") or {}).get("conditions") or ()
    is_ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    text = "Ready" if is_ready else "NotReady"
    return f"{text},SchedulingDisabled" if item["spec"].get("unschedulable") else text


def _autoscaler_target(item: Object) -> str:
    reference = item["spec"]["scaleTargetRef"]
    return f"{reference['kind']}/{reference['name']}"


def _autoscaler_metrics(item: Object) -> str:
    shown = []
    for metric in item["spec"].get("metrics") or ():
        source = metric.get(metric["type"][0].lower() + metric["type"][1:]) or {}
        target, name = source.get("target") or {}, source.get("name", "")
        share = target.get("averageUtilization")
        wanted = f"{share}%" if share is not None else target.get("averageValue") or target.get("value", "")
        shown.append(f"{name}: <unknown>/{wanted}" if name else f"<unknown>/{wanted}")
    return ", ".join(shown) or NONE


def _endpoint_addresses(item: Object) -> str:
    shown = [
        f"{address['ip']}:{port['port']}"
        for subset in item.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(shown) - 3} more..." if len(shown) > 3 else ""  # noqa: PLR2004 (as kubectl shows)
    return ",".join(shown[:3]) + more or NONE


def _slice_addresses(item: Object) -> str:
    return ",".join(each["addresses"][0] for each in item.get("endpoints") or () if each.get("addresses")) or "<unset>"


def _slice_ports(item: Object) -> str:
    return ",".join(str(each.get("port", "")) for each in item.get("ports") or ()) or "<unset>"


def _event_object(item: Object) -> str:
    about = item.get("involvedObject") or item.get("regarding") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def _event_time(item: Object) -> str:
    return format_age(item.get("lastTimestamp") or item.get("deprecatedLastTimestamp") or "")


def _event_message(item: Object) -> str:
    return str(item.get("message") or item.get("note") or "").strip()


def _job_status(item: Object) -> str:
    for each in (item.get("status") or {}).get("conditions") or ():
        if each["status"] == "True" and each["type"] in ("Complete", "Failed", "Suspended"):
            return str(each["type"])
    return "Terminating" if item["metadata"].get("deletionTimestamp") else "Running"


def _job_duration(item: Object) -> str:
    status = item.get("status") or {}
    return format_age(status.get("startTime", ""), status.get("completionTime", ""), none="")


def _last_schedule(item: Object) -> str:
    return format_age((item.get("status") or {}).get("lastScheduleTime", ""), none=NONE)


def _ingress_address(item: Object) -> str:
    ingress = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(str(each.get("hostname") or each.get("ip")) for each in ingress)


def _ingress_ports(item: Object) -> str:
    return "80, 443" if item["spec"].get("tls") else "80"


def show_labels(*path: str) -> Callable[[Object], object]:
    """Return a reader of labels."""
    read = read_path(*path, otherwise={})

    def select(item: Object) -> str:
        found = read(item)
        labels = found.items() if isinstance(found, dict) else ()
        return ",".join(f"{name}={value}" for name, value in labels) or NONE

    return select


def _quota(*, has_limits: bool) -> Callable[[Object], object]:
    def show(item: Object) -> str:
        status = item.get("status") or {}
        hard, used = status.get("hard") or item["spec"].get("hard") or {}, status.get("used") or {}
        chosen = [name for name in sorted(hard) if name.startswith("limits.") == has_limits]
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in chosen)

    return show


def _modes(item: Object) -> str:
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short.get(each, each) for each in item["spec"].get("accessModes") or ())


def _cron_containers(field: str) -> Callable[[Object], object]:
    read = _containers(field)
    return lambda item: read(item["spec"]["jobTemplate"])


def _volume_claim(item: Object) -> str:
    claim = item["spec"].get("claimRef") or {}
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


def _containers(field: str) -> Callable[[Object], object]:
    def show(item: Object) -> str:
        found = item["spec"]["template"]["spec"].get("containers") or ()
        return ",".join(str(each.get(field, "")) for each in found)

    return show


_TEMPLATE = (
    Column("Containers", _containers("name"), priority=WIDE),
    Column("Images", _containers("image"), priority=WIDE),
)
_LABELS = Column("Selector", show_labels("spec", "selector", "matchLabels"), priority=WIDE)


def _count_of(name: str, field: str) -> Column:
    return Column(name, read_path("status", field, otherwise=0), "integer")


COLUMNS: dict[str, tuple[Column, ...]] = {
    "Namespace": (Column("Status", read_path("status", "phase")),),
    "ConfigMap": (Column("Data", count_items("data"), "integer"),),
    "Secret": (Column("Type", read_path("type", otherwise="Opaque")), Column("Data", count_items("data"), "integer")),
    "Pod": (
        Column("Ready", _pod_ready),
        Column("Status", _pod_status),
        Column("Restarts", _pod_restarts, "integer"),
        AGE,
        _read_wide("IP", "status", "podIP"),
        _read_wide("Node", "spec", "nodeName"),
        _read_wide("Nominated Node", "status", "nominatedNodeName"),
        Column("Readiness Gates", lambda _: NONE, priority=WIDE),
    ),
    "Service": (
        Column("Type", read_path("spec", "type")),
        Column("Cluster-IP", read_path("spec", "clusterIP")),
        Column("External-IP", _external_address),
        Column("Port(s)", _service_ports),
        AGE,
        Column("Selector", show_labels("spec", "selector"), priority=WIDE),
    ),
    "Deployment": (
        Column("Ready", _READY),
        _count_of("Up-to-date", "updatedReplicas"),
        _count_of("Available", "availableReplicas"),
        AGE,
        *_TEMPLATE,
        _LABELS,
    ),
    "ReplicaSet": (
        Column("Desired", _REPLICAS, "integer"),
        _count_of("Current", "replicas"),
        _count_of("Ready", "readyReplicas"),
        AGE,
        *_TEMPLATE,
        _LABELS,
    ),
    "StatefulSet": (Column("Ready", _READY), AGE, *_TEMPLATE),
    "DaemonSet": (
        _count_of("Desired", "desiredNumberScheduled"),
        _count_of("Current", "currentNumberScheduled"),
        _count_of("Ready", "numberReady"),
        _count_of("Up-to-date", "updatedNumberScheduled"),
        _count_of("Available", "numberAvailable"),
        Column("Node Selector", show_labels("spec", "template", "spec", "nodeSelector")),
        AGE,
        *_TEMPLATE,
        _LABELS,
    ),
    "Job": (
        Column("Status", _job_status),
        Column(
            "Completions",
            _of(read_path("status", "succeeded", otherwise=0), read_path("spec", "completions", otherwise=1)),
        ),
        Column("Duration", _job_duration),
        AGE,
        *_TEMPLATE,
        _LABELS,
    ),
    "CronJob": (
        Column("Schedule", read_path("spec", "schedule")),
        Column("Timezone", read_path("spec", "timeZone")),
        Column("Suspend", lambda item: str(bool(item["spec"].get("suspend")))),
        Column("Active", count_items("status", "active"), "integer"),
        Column("Last Schedule", _last_schedule),
        AGE,
        Column("Containers", _cron_containers("name"), priority=WIDE),
        Column("Images", _cron_containers("image"), priority=WIDE),
        Column("Selector", lambda _: NONE, priority=WIDE),
    ),
    "Ingress": (
        Column("Class", read_path("spec", "ingressClassName")),
        Column("Hosts", _ingress_hosts),
        Column("Address", _ingress_address),
        Column("Ports", _ingress_ports),
    ),
    "PersistentVolumeClaim": (
        Column("Status", read_path("status", "phase")),
        Column("Volume", read_path("spec", "volumeName", otherwise="")),
        Column("Capacity", read_path("status", "capacity", "storage", otherwise="")),
        Column("Access Modes", _modes),
        Column("StorageClass", read_path("spec", "storageClassName", otherwise="")),
        Column("VolumeAttributesClass", read_path("spec", "volumeAttributesClassName", otherwise="<unset>")),
        AGE,
        Column("VolumeMode", read_path("spec", "volumeMode", otherwise="<unset>"), priority=WIDE),
    ),
    "CustomResourceDefinition": (Column("Created At", read_path("metadata", "creationTimestamp")),),
    "Node": (
        Column("Status", _node_status),
        Column("Roles", lambda _: NONE),
        AGE,
        Column("Version", read_path("status", "nodeInfo", "kubeletVersion")),
    ),
    "HorizontalPodAutoscaler": (
        Column("Reference", _autoscaler_target),
        Column("Targets", _autoscaler_metrics),
        Column("MinPods", read_path("spec", "minReplicas", otherwise="<unset>")),
        Column("MaxPods", read_path("spec", "maxReplicas"), "integer"),
        _count_of("Replicas", "currentReplicas"),
    ),
    "PodDisruptionBudget": (
        Column("Min Available", read_path("spec", "minAvailable", otherwise="N/A")),
        Column("Max Unavailable", read_path("spec", "maxUnavailable", otherwise="N/A")),
        _count_of("Allowed Disruptions", "disruptionsAllowed"),
    ),
    "Endpoints": (Column("Endpoints", _endpoint_addresses),),
    "EndpointSlice": (
        Column("AddressType", read_path("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_addresses),
    ),
    "Event": (
        Column("Last Seen", _event_time),
        Column("Type", read_path("type")),
        Column("Reason", read_path("reason")),
        Column("Object", _event_object),
        Column("Message", _event_message),
    ),
    "NetworkPolicy": (Column("Pod-Selector", show_labels("spec", "podSelector", "matchLabels")),),
    "ResourceQuota": (Column("Request", _quota(has_limits=False)), Column("Limit", _quota(has_limits=True))),
    "PersistentVolume": (
        Column("Capacity", read_path("spec", "capacity", "storage", otherwise="")),
        Column("Access Modes", _modes),
        Column("Reclaim Policy", read_path("spec", "persistentVolumeReclaimPolicy")),
        Column("Status", read_path("status", "phase")),
        Column("Claim", _volume_claim),
        Column("StorageClass", read_path("spec", "storageClassName", otherwise="")),
        Column("VolumeAttributesClass", read_path("spec", "volumeAttributesClassName", otherwise="<unset>")),
        Column("Reason", read_path("status", "reason", otherwise="")),
        AGE,
        Column("VolumeMode", read_path("spec", "volumeMode", otherwise="<unset>"), priority=WIDE),
    ),
    "StorageClass": (
        Column("Provisioner", read_path("provisioner")),
        Column("ReclaimPolicy", read_path("reclaimPolicy")),
        Column("VolumeBindingMode", read_path("volumeBindingMode")),
        Column("AllowVolumeExpansion", lambda item: bool(item.get("allowVolumeExpansion")), "boolean"),
    ),
    "ControllerRevision": (Column("Revision", read_path("revision", otherwise=0), "integer"),),
    "Lease": (Column("Holder", read_path("spec", "holderIdentity", otherwise="")),),
}
