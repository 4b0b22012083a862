"""The columns of `kubectl get` for built-in kinds (pkg/printers/internalversion in kubernetes/kubernetes)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from envctl.adapters.sandbox.kubernetes.resources import Object

_SECONDS = (("y", 365 * 86400), ("d", 86400), ("h", 3600), ("m", 60))
_NONE = "<none>"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_WIDE = 1


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


def _read(*path: str, otherwise: object = _NONE) -> Callable[[Object], object]:
    def read(item: Object) -> object:
        found: object = item
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        return otherwise if found in (None, "") else found

    return read


def _count(*path: str) -> Callable[[Object], object]:
    read = _read(*path, otherwise=())

    def count(item: Object) -> int:
        found = read(item)
        return len(found) if isinstance(found, Sequence | Mapping) else 0

    return count


def _of(ready: Callable[[Object], object], wanted: Callable[[Object], object]) -> Callable[[Object], object]:
    return lambda item: f"{ready(item)}/{wanted(item)}"


_REPLICAS = _read("spec", "replicas", otherwise=0)
_READY = _of(_read("status", "readyReplicas", otherwise=0), _REPLICAS)


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
    return ",".join(shown) or _NONE


def _node_port(port: Object) -> str:
    return f":{port['nodePort']}" if port.get("nodePort") else ""


def _external_address(item: Object) -> str:
    if item["spec"].get("type") != "LoadBalancer":
        return _NONE
    ingress = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(str(each.get("hostname") or each.get("ip")) for each in ingress) or "<pending>"


def _ingress_hosts(item: Object) -> str:
    return ",".join(rule.get("host", "*") for rule in item["spec"].get("rules") or ()) or "*"


def _read_wide(name: str, *path: str) -> Column:
    return Column(name, _read(*path), priority=_WIDE)


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
    return ", ".join(shown) or _NONE


def _endpoint_addresses(item: Object) -> str:
    shown = [
        f"{address['ip']}:{port['port']}"
        for subset in item.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(shown) - 3} more..." if len(shown) > 3 else ""  # noqa: PLR2004 (as kubectl shows)
    return ",".join(shown[:3]) + more or _NONE


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
    return format_age((item.get("status") or {}).get("lastScheduleTime", ""), none=_NONE)


def _ingress_address(item: Object) -> str:
    ingress = ((item.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    return ",".join(str(each.get("hostname") or each.get("ip")) for each in ingress)


def _ingress_ports(item: Object) -> str:
    return "80, 443" if item["spec"].get("tls") else "80"


def _role_reference(item: Object) -> str:
    return f"{item['roleRef']['kind']}/{item['roleRef']['name']}"


def _selector(*path: str) -> Callable[[Object], object]:
    read = _read(*path, otherwise={})

    def select(item: Object) -> str:
        found = read(item)
        labels = found.items() if isinstance(found, dict) else ()
        return ",".join(f"{name}={value}" for name, value in labels) or _NONE

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


def _volume_claim(item: Object) -> str:
    claim = item["spec"].get("claimRef") or {}
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


def _containers(field: str) -> Callable[[Object], object]:
    def show(item: Object) -> str:
        found = item["spec"]["template"]["spec"].get("containers") or ()
        return ",".join(str(each.get(field, "")) for each in found)

    return show


_TEMPLATE = (
    Column("Containers", _containers("name"), priority=_WIDE),
    Column("Images", _containers("image"), priority=_WIDE),
)
_LABELS = Column("Selector", _selector("spec", "selector", "matchLabels"), priority=_WIDE)


def _count_of(name: str, field: str) -> Column:
    return Column(name, _read("status", field, otherwise=0), "integer")


COLUMNS: dict[str, tuple[Column, ...]] = {
    "Namespace": (Column("Status", _read("status", "phase")),),
    "ConfigMap": (Column("Data", _count("data"), "integer"),),
    "Secret": (Column("Type", _read("type", otherwise="Opaque")), Column("Data", _count("data"), "integer")),
    "Pod": (
        Column("Ready", _pod_ready),
        Column("Status", _pod_status),
        Column("Restarts", _pod_restarts, "integer"),
        AGE,
        _read_wide("IP", "status", "podIP"),
        _read_wide("Node", "spec", "nodeName"),
        _read_wide("Nominated Node", "status", "nominatedNodeName"),
        Column("Readiness Gates", lambda _: _NONE, priority=_WIDE),
    ),
    "Service": (
        Column("Type", _read("spec", "type")),
        Column("Cluster-IP", _read("spec", "clusterIP")),
        Column("External-IP", _external_address),
        Column("Port(s)", _service_ports),
        AGE,
        Column("Selector", _selector("spec", "selector"), priority=_WIDE),
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
        Column("Node Selector", _selector("spec", "template", "spec", "nodeSelector")),
        AGE,
        *_TEMPLATE,
        _LABELS,
    ),
    "Job": (
        Column("Status", _job_status),
        Column(
            "Completions",
            _of(_read("status", "succeeded", otherwise=0), _read("spec", "completions", otherwise=1)),
        ),
        Column("Duration", _job_duration),
        AGE,
        *_TEMPLATE,
        _LABELS,
    ),
    "CronJob": (
        Column("Schedule", _read("spec", "schedule")),
        Column("Timezone", _read("spec", "timeZone")),
        Column("Suspend", lambda item: str(bool(item["spec"].get("suspend")))),
        Column("Active", _count("status", "active"), "integer"),
        Column("Last Schedule", _last_schedule),
    ),
    "Ingress": (
        Column("Class", _read("spec", "ingressClassName")),
        Column("Hosts", _ingress_hosts),
        Column("Address", _ingress_address),
        Column("Ports", _ingress_ports),
    ),
    "PersistentVolumeClaim": (
        Column("Status", _read("status", "phase")),
        Column("Volume", _read("spec", "volumeName", otherwise="")),
        Column("Capacity", _read("status", "capacity", "storage", otherwise="")),
        Column("Access Modes", _modes),
        Column("StorageClass", _read("spec", "storageClassName", otherwise="")),
    ),
    "CustomResourceDefinition": (Column("Created At", _read("metadata", "creationTimestamp")),),
    "Node": (
        Column("Status", _node_status),
        Column("Roles", lambda _: _NONE),
        AGE,
        Column("Version", _read("status", "nodeInfo", "kubeletVersion")),
    ),
    "HorizontalPodAutoscaler": (
        Column("Reference", _autoscaler_target),
        Column("Targets", _autoscaler_metrics),
        Column("MinPods", _read("spec", "minReplicas", otherwise="<unset>")),
        Column("MaxPods", _read("spec", "maxReplicas"), "integer"),
        _count_of("Replicas", "currentReplicas"),
    ),
    "PodDisruptionBudget": (
        Column("Min Available", _read("spec", "minAvailable", otherwise="N/A")),
        Column("Max Unavailable", _read("spec", "maxUnavailable", otherwise="N/A")),
        _count_of("Allowed Disruptions", "disruptionsAllowed"),
    ),
    "Endpoints": (Column("Endpoints", _endpoint_addresses),),
    "EndpointSlice": (
        Column("AddressType", _read("addressType")),
        Column("Ports", _slice_ports),
        Column("Endpoints", _slice_addresses),
    ),
    "Event": (
        Column("Last Seen", _event_time),
        Column("Type", _read("type")),
        Column("Reason", _read("reason")),
        Column("Object", _event_object),
        Column("Message", _event_message),
    ),
    "NetworkPolicy": (Column("Pod-Selector", _selector("spec", "podSelector", "matchLabels")),),
    "ResourceQuota": (Column("Request", _quota(has_limits=False)), Column("Limit", _quota(has_limits=True))),
    "PersistentVolume": (
        Column("Capacity", _read("spec", "capacity", "storage", otherwise="")),
        Column("Access Modes", _modes),
        Column("Reclaim Policy", _read("spec", "persistentVolumeReclaimPolicy")),
        Column("Status", _read("status", "phase")),
        Column("Claim", _volume_claim),
        Column("StorageClass", _read("spec", "storageClassName", otherwise="")),
    ),
    "StorageClass": (
        Column("Provisioner", _read("provisioner")),
        Column("ReclaimPolicy", _read("reclaimPolicy")),
        Column("VolumeBindingMode", _read("volumeBindingMode")),
        Column("AllowVolumeExpansion", lambda item: bool(item.get("allowVolumeExpansion")), "boolean"),
    ),
    "ServiceAccount": (Column("Secrets", _count("secrets"), "integer"),),
    "RoleBinding": (Column("Role", _role_reference),),
    "ClusterRoleBinding": (Column("Role", _role_reference),),
    "IngressClass": (Column("Controller", _read("spec", "controller")), Column("Parameters", lambda _: _NONE)),
    "PriorityClass": (
        Column("Value", _read("value", otherwise=0), "integer"),
        Column("Global-Default", lambda item: bool(item.get("globalDefault")), "boolean"),
    ),
    "ControllerRevision": (Column("Revision", _read("revision", otherwise=0), "integer"),),
    "Lease": (Column("Holder", _read("spec", "holderIdentity", otherwise="")),),
}
