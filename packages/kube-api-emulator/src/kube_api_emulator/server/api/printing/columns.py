"""The cells of kinds that run in a namespace: workloads, networks, volumes, limits."""

from collections.abc import Sequence

from kube_api_emulator.server.api.printing.cells import (
    NONE,
    UNKNOWN,
    UNSET,
    Reader,
    count_items,
    divide,
    format_age,
    join_list,
    join_modes,
    list_addresses,
    read_path,
    read_text,
    show_labels,
    show_selector,
    show_template,
)
from kube_api_emulator.server.api.printing.pod_cells import POD_CELLS
from kube_api_emulator.server.resources import Object

_MOST_METRICS, _MOST_ADDRESSES, _MOST_HOSTS = 2, 3, 3
_DEFAULT_CLASS = "volume.beta.kubernetes.io/storage-class"
# In the order in which the server looks for them.
_JOB_STATES = ("Complete", "Failed", "", "Suspended", "FailureTarget", "SuccessCriteriaMet")


def _read_status(field: str) -> Reader:
    return read_path("status", field, otherwise=0)


_REPLICAS = read_path("spec", "replicas", otherwise=0)
_READY = divide(_read_status("readyReplicas"), _REPLICAS)
_TEMPLATE = show_template("spec", "template")
_SELECTOR = {"Selector": show_selector("spec", "selector")}


def _show_ports(item: Object) -> str:
    return ",".join(_show_port(port) for port in item["spec"].get("ports") or ())


def _show_port(port: Object) -> str:
    node_port = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node_port}/{port.get('protocol', 'TCP')}"


def _show_external_address(item: Object) -> str:
    spec = item["spec"]
    external = list(spec.get("externalIPs") or ())
    match spec.get("type"):
        case "ExternalName":
            return str(spec.get("externalName", ""))
        case "LoadBalancer":
            return ",".join([*list_addresses(item), *external]) or "<pending>"
        case "ClusterIP" | "NodePort":
            return ",".join(external) or NONE
        case _:
            return UNKNOWN


def _show_hosts(item: Object) -> str:
    rules = item["spec"].get("rules") or ()
    hosts = [rule["host"] for rule in rules if rule.get("host")]
    if not hosts:
        return "*"
    more = f" + {len(rules) - _MOST_HOSTS} more..." if len(hosts) > _MOST_HOSTS else ""
    return ",".join(hosts[:_MOST_HOSTS]) + more


def _show_target(item: Object) -> str:
    reference = item["spec"]["scaleTargetRef"]
    return f"{reference['kind']}/{reference['name']}"


def _show_metrics(item: Object) -> str:
    current = (item.get("status") or {}).get("currentMetrics") or ()
    shown = [
        _show_metric(metric, current[index] if index < len(current) else {})
        for index, metric in enumerate(item["spec"].get("metrics") or ())
    ]
    return join_list(shown, _MOST_METRICS, ", ") or NONE


def _show_metric(metric: Object, state: Object) -> str:
    field = metric["type"][0].lower() + metric["type"][1:]
    source, found = metric.get(field) or {}, (state.get(field) or {}).get("current") or {}
    target = source.get("target") or {}
    if metric["type"] in ("Resource", "ContainerResource"):
        if target.get("averageValue") is not None:
            return f"{source['name']}: {found.get('averageValue', UNKNOWN)}/{target['averageValue']}"
        wanted, share = target.get("averageUtilization"), found.get("averageUtilization")
        shown = UNKNOWN if share is None else f"{share}%"
        return f"{source['name']}: {shown}/{'<auto>' if wanted is None else f'{wanted}%'}"
    if metric["type"] == "Pods" or target.get("averageValue") is None:
        name = "averageValue" if metric["type"] == "Pods" else "value"
        return f"{found.get(name, UNKNOWN)}/{target.get(name, '0')}"
    return f"{found.get('averageValue', UNKNOWN)}/{target['averageValue']} (avg)"


def _show_endpoints(item: Object) -> str:
    shown: list[str] = []
    for subset in item.get("subsets") or ():
        addresses = [each["ip"] for each in subset.get("addresses") or ()]
        ports: Sequence[Object] = subset.get("ports") or ()
        shown += [f"{_enclose(each)}:{port['port']}" for port in ports for each in addresses] if ports else addresses
    return join_list(shown, _MOST_ADDRESSES) if item.get("subsets") else NONE


def _enclose(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _show_slice_addresses(item: Object) -> str:
    found = [address for each in item.get("endpoints") or () for address in each.get("addresses") or ()]
    return join_list(found, _MOST_ADDRESSES) or UNSET


def _show_slice_ports(item: Object) -> str:
    found = [str(each.get("port") or each.get("name") or "*") for each in item.get("ports") or ()]
    return join_list(found, _MOST_ADDRESSES) or UNSET


def _read_first_seen(item: Object) -> str:
    first = item.get("firstTimestamp") or item.get("deprecatedFirstTimestamp") or item.get("eventTime")
    return format_age(first or "")


def _read_last_seen(item: Object) -> str:
    if item.get("series"):
        return format_age(item["series"].get("lastObservedTime") or "")
    last = item.get("lastTimestamp") or item.get("deprecatedLastTimestamp")
    return format_age(last) if last else _read_first_seen(item)


def _count_event(item: Object) -> int:
    count = (item.get("series") or {}).get("count") or item.get("count") or item.get("deprecatedCount")
    return int(count or 1)


def _read_subject(item: Object) -> Object:
    return item.get("involvedObject") or item.get("regarding") or {}


def _show_subject(item: Object) -> str:
    about = _read_subject(item)
    kind = str(about.get("kind", "")).lower()
    return f"{kind}/{about['name']}" if about.get("name") else kind


def _show_source(item: Object) -> str:
    source = item.get("source") or item.get("deprecatedSource") or {}
    reporting = item.get("reportingComponent") or item.get("reportingController") or ""
    component = source.get("component") or reporting
    instance = source.get("host") or item.get("reportingInstance") or ""
    return f"{component}, {instance}" if instance else component


def _show_message(item: Object) -> str:
    return str(item.get("message") or item.get("note") or "").strip()


def _show_job_state(item: Object) -> str:
    conditions = (item.get("status") or {}).get("conditions") or ()
    present = {each["type"] for each in conditions if each["status"] == "True"}
    for state in _JOB_STATES:
        if state in present:
            return state
        if not state and item["metadata"].get("deletionTimestamp"):
            return "Terminating"
    return "Running"


def _show_completions(item: Object) -> str:
    done, spec = (item.get("status") or {}).get("succeeded", 0), item["spec"]
    if spec.get("completions") is not None:
        return f"{done}/{spec['completions']}"
    parallel = spec.get("parallelism") or 0
    return f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"


def _show_job_duration(item: Object) -> str:
    status = item.get("status") or {}
    return format_age(status.get("startTime", ""), status.get("completionTime", ""), none="")


def _show_last_schedule(item: Object) -> str:
    return format_age((item.get("status") or {}).get("lastScheduleTime", ""), none=NONE)


def _show_quota(*, has_limits: bool) -> Reader:
    def show(item: Object) -> str:
        status = item.get("status") or {}
        hard, used = status.get("hard") or {}, status.get("used") or {}
        chosen = [name for name in sorted(hard) if name.startswith("limits.") == has_limits]
        return ", ".join(f"{name}: {used.get(name, '0')}/{hard[name]}" for name in chosen)

    return show


def _show_phase(item: Object) -> str:
    phase = (item.get("status") or {}).get("phase", "")
    return "Terminating" if item["metadata"].get("deletionTimestamp") else str(phase)


def _read_class(item: Object) -> str:
    old = (item["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS)
    return str(item["spec"].get("storageClassName") or "") if old is None else str(old)


def _show_claim(item: Object) -> str:
    claim = item["spec"].get("claimRef") or {}
    return f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else ""


def _show_bound(item: Object, *, is_capacity: bool) -> str:
    """Return what a claim got from its volume; empty without one."""
    if not item["spec"].get("volumeName"):
        return ""
    status = item.get("status") or {}
    return (
        str((status.get("capacity") or {}).get("storage", "0"))
        if is_capacity
        else join_modes(status.get("accessModes") or ())
    )


def _show_controller(item: Object) -> str:
    owners = item["metadata"].get("ownerReferences") or ()
    owner = next((each for each in owners if each.get("controller")), None)
    if owner is None:
        return NONE
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind']}{f'.{group}' if group else ''}".lower() + f"/{owner['name']}"


_VOLUME = {
    "StorageClass": _read_class,
    "VolumeAttributesClass": read_path("spec", "volumeAttributesClassName", otherwise=UNSET),
    "VolumeMode": read_path("spec", "volumeMode", otherwise=UNSET),
}

COLUMNS: dict[str, dict[str, Reader]] = {
    "Namespace": {"Status": read_path("status", "phase", otherwise="")},
    "ConfigMap": {"Data": lambda item: len(item.get("data") or ()) + len(item.get("binaryData") or ())},
    "Secret": {"Type": read_path("type", otherwise=""), "Data": count_items("data")},
    "Pod": POD_CELLS,
    "Service": {
        "Type": read_path("spec", "type", otherwise=""),
        "Cluster-IP": read_path("spec", "clusterIP"),
        "External-IP": _show_external_address,
        "Port(s)": lambda item: _show_ports(item) or NONE,
        "Selector": show_labels("spec", "selector"),
    },
    "Deployment": {
        "Ready": _READY,
        "Up-to-date": _read_status("updatedReplicas"),
        "Available": _read_status("availableReplicas"),
        **_TEMPLATE,
        "Selector": show_selector("spec", "selector", otherwise=""),
    },
    "ReplicaSet": {
        "Desired": _REPLICAS,
        "Current": _read_status("replicas"),
        "Ready": _read_status("readyReplicas"),
        **_TEMPLATE,
        **_SELECTOR,
    },
    "ReplicationController": {
        "Desired": _REPLICAS,
        "Current": _read_status("replicas"),
        "Ready": _read_status("readyReplicas"),
        **_TEMPLATE,
        "Selector": show_labels("spec", "selector"),
    },
    "StatefulSet": {"Ready": _READY, **_TEMPLATE},
    "DaemonSet": {
        "Desired": _read_status("desiredNumberScheduled"),
        "Current": _read_status("currentNumberScheduled"),
        "Ready": _read_status("numberReady"),
        "Up-to-date": _read_status("updatedNumberScheduled"),
        "Available": _read_status("numberAvailable"),
        "Node Selector": show_labels("spec", "template", "spec", "nodeSelector"),
        **_TEMPLATE,
        **_SELECTOR,
    },
    "Job": {
        "Status": _show_job_state,
        "Completions": _show_completions,
        "Duration": _show_job_duration,
        **_TEMPLATE,
        **_SELECTOR,
    },
    "CronJob": {
        "Schedule": read_path("spec", "schedule", otherwise=""),
        "Timezone": read_path("spec", "timeZone"),
        "Suspend": lambda item: str(item["spec"].get("suspend", UNSET)),
        "Active": count_items("status", "active"),
        "Last Schedule": _show_last_schedule,
        **show_template("spec", "jobTemplate", "spec", "template"),
        "Selector": show_selector("spec", "jobTemplate", "spec", "selector"),
    },
    "Ingress": {
        "Class": read_path("spec", "ingressClassName"),
        "Hosts": _show_hosts,
        "Address": lambda item: ",".join(list_addresses(item)),
        "Ports": lambda item: "80, 443" if item["spec"].get("tls") else "80",
    },
    "PersistentVolumeClaim": {
        "Status": _show_phase,
        "Volume": read_path("spec", "volumeName", otherwise=""),
        "Capacity": lambda item: _show_bound(item, is_capacity=True),
        "Access Modes": lambda item: _show_bound(item, is_capacity=False),
        **_VOLUME,
    },
    "PersistentVolume": {
        "Capacity": read_path("spec", "capacity", "storage", otherwise="0"),
        "Access Modes": lambda item: join_modes(item["spec"].get("accessModes") or ()),
        "Reclaim Policy": read_path("spec", "persistentVolumeReclaimPolicy", otherwise=""),
        "Status": _show_phase,
        "Claim": _show_claim,
        "Reason": read_path("status", "reason", otherwise=""),
        **_VOLUME,
    },
    "HorizontalPodAutoscaler": {
        "Reference": _show_target,
        "Targets": _show_metrics,
        "MinPods": read_text("spec", "minReplicas", otherwise=UNSET),
        "MaxPods": read_path("spec", "maxReplicas", otherwise=0),
        "Replicas": _read_status("currentReplicas"),
    },
    "Scale": {"Desired": _REPLICAS, "Available": _read_status("replicas")},
    "PodDisruptionBudget": {
        "Min Available": read_text("spec", "minAvailable", otherwise="N/A"),
        "Max Unavailable": read_text("spec", "maxUnavailable", otherwise="N/A"),
        "Allowed Disruptions": _read_status("disruptionsAllowed"),
    },
    "Endpoints": {"Endpoints": _show_endpoints},
    "EndpointSlice": {
        "AddressType": read_path("addressType", otherwise=""),
        "Ports": _show_slice_ports,
        "Endpoints": _show_slice_addresses,
    },
    "Event": {
        "Last Seen": _read_last_seen,
        "Type": read_path("type", otherwise=""),
        "Reason": read_path("reason", otherwise=""),
        "Object": _show_subject,
        "Subobject": lambda item: str(_read_subject(item).get("fieldPath") or ""),
        "Source": _show_source,
        "Message": _show_message,
        "First Seen": _read_first_seen,
        "Count": _count_event,
    },
    "NetworkPolicy": {"Pod-Selector": show_selector("spec", "podSelector")},
    "ResourceQuota": {"Request": _show_quota(has_limits=False), "Limit": _show_quota(has_limits=True)},
    "ControllerRevision": {"Controller": _show_controller, "Revision": read_path("revision", otherwise=0)},
    "Lease": {"Holder": read_path("spec", "holderIdentity", otherwise="")},
}
