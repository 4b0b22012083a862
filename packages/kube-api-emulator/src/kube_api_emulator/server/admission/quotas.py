"""ResourceQuota: what the objects of a namespace use together.

Source: k8s.io/apiserver v0.36.2, pkg/admission/plugin/resourcequota/controller.go (CheckRequest, checkQuotas,
prettyPrint); k8s.io/kubernetes v1.36.2, pkg/quota/v1/evaluator/core/pods.go (PodUsageFunc, podMatchesScopeFunc,
enforcePodContainerConstraints), pkg/quota/v1/evaluator/core/services.go (Usage).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from kube_api_emulator.server.admission.requests import AdmissionRequest, ClusterView
from kube_api_emulator.server.amounts import (
    Amounts,
    add_amounts,
    format_amount,
    read_amounts,
    sum_resources,
)
from kube_api_emulator.server.resources import Object, Resource

Part = Mapping[str, Any]

_KEY = ("", "resourcequotas")
_NAMES = {
    "configmaps": "configmaps",
    "persistentvolumeclaims": "persistentvolumeclaims",
    "pods": "pods",
    "replicationcontrollers": "replicationcontrollers",
    "resourcequotas": "resourcequotas",
    "secrets": "secrets",
    "services": "services",
}
# A quota of these needs them in each container.
_NEEDED = ("cpu", "limits.cpu", "limits.memory", "memory", "requests.cpu", "requests.memory")
_ENDED = ("Succeeded", "Failed")


def check_quotas(request: AdmissionRequest) -> None:
    """Check that the quotas of the namespace allow a write. Raises StatusError 403."""
    item = request.item
    if item is None or request.part or not request.namespace:
        return
    quotas = [each for each in request.list_items(*_KEY, request.namespace) if _covers(each, request.resource, item)]
    if not quotas:
        return
    before = measure_use(request.resource, request.live) if request.live else {}
    wanted = measure_use(request.resource, item)
    added = {name: value - before.get(name, 0) for name, value in wanted.items() if value > before.get(name, 0)}
    for quota in quotas:
        hard = read_amounts(quota["spec"].get("hard"))
        if request.is_new("", "Pod") and (text := _find_unset(item["spec"], hard)):
            raise request.refuse(f"failed quota: {quota['metadata']['name']}: must specify {text}")
        used = sum_use(request.cluster, quota)
        over = [
            name for name in sorted(added) if name in hard and used.get(name, Decimal(0)) + added[name] > hard[name]
        ]
        if over:
            texts = (f"{word}: {_show(over, amounts)}" for word, amounts in
                     (("requested", added), ("used", used), ("limited", hard)))  # fmt: skip
            raise request.refuse(f"exceeded quota: {quota['metadata']['name']}, {', '.join(texts)}")


def sum_use(cluster: ClusterView, quota: Object) -> Amounts:
    """Return what the objects of the namespace use of a quota."""
    hard, namespace = quota["spec"].get("hard") or {}, quota["metadata"]["namespace"]
    kinds = {each.key: each for each in cluster.resources.list_all() if each.is_namespaced and not each.is_review}
    chosen = [each for each in kinds.values() if _is_counted(each, hard)]
    total = add_amounts(
        measure_use(each, item)
        for each in chosen
        for item in cluster.store.list_items(each, namespace)
        if _covers(quota, each, item)
    )
    return {name: total.get(name, Decimal(0)) for name in hard}


def describe_use(cluster: ClusterView, quota: Object) -> Object:
    """Return the status of a quota."""
    used = {name: format_amount(name, value) for name, value in sum_use(cluster, quota).items()}
    return {"hard": quota["spec"].get("hard") or {}, "used": used}


def measure_use(resource: Resource, item: Object) -> Amounts:
    """Return what an object uses, by the names of quotas."""
    group = resource.group
    count = f"count/{resource.plural}.{group}" if group else f"count/{resource.plural}"
    if (resource.kind == "Pod" and not group) and (item.get("status") or {}).get("phase") in _ENDED:
        return {count: Decimal(1)}
    used = {count: Decimal(1)}
    if not group and resource.plural in _NAMES:
        used[resource.plural] = Decimal(1)
    spec = item.get("spec") or {}
    if group:
        return used
    if resource.kind == "Pod":
        return used | _measure_pod(spec)
    if resource.kind == "PersistentVolumeClaim":
        used["requests.storage"] = read_amounts((spec.get("resources") or {}).get("requests")).get(
            "storage", Decimal(0)
        )
        if name := spec.get("storageClassName"):
            prefix = f"{name}.storageclass.storage.k8s.io"
            used |= {f"{prefix}/requests.storage": used["requests.storage"]}
            used |= {f"{prefix}/persistentvolumeclaims": Decimal(1)}
    if resource.kind == "Service":
        used |= _measure_service(spec)
    return used


def _measure_pod(spec: Part) -> Amounts:
    requests, limits = sum_resources(spec, "requests"), sum_resources(spec, "limits")
    used = {f"requests.{name}": value for name, value in requests.items()}
    used |= {name: value for name, value in requests.items() if name in ("cpu", "memory", "ephemeral-storage")}
    return used | {f"limits.{name}": value for name, value in limits.items()}


def _measure_service(spec: Part) -> Amounts:
    ports = len(spec.get("ports") or ())
    balanced, exposed = spec.get("type") == "LoadBalancer", spec.get("type") in ("LoadBalancer", "NodePort")
    used = {"services.loadbalancers": Decimal(1)} if balanced else {}
    return used | ({"services.nodeports": Decimal(ports)} if exposed else {})


def _is_counted(resource: Resource, hard: Part) -> bool:
    count = f"count/{resource.plural}.{resource.group}" if resource.group else f"count/{resource.plural}"
    return count in hard or (not resource.group and resource.plural in ("pods", "services", *_NAMES))


def _covers(quota: Object, resource: Resource, item: Object) -> bool:
    """Return whether the scopes of a quota cover an object. Only pods have scopes."""
    spec = quota["spec"]
    scopes = [{"scopeName": name, "operator": "Exists"} for name in spec.get("scopes") or ()]
    scopes += (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    if not scopes:
        return True
    is_pod = (resource.group, resource.kind) == ("", "Pod")
    return is_pod and all(_is_in_scope(scope, item) for scope in scopes)


def _is_in_scope(scope: Part, pod: Object) -> bool:
    spec, name = pod["spec"], scope["scopeName"]
    is_best_effort = (pod.get("status") or {}).get("qosClass") == "BestEffort"
    ends = spec.get("activeDeadlineSeconds") is not None
    known = {"BestEffort": is_best_effort, "NotBestEffort": not is_best_effort}
    known |= {"Terminating": ends, "NotTerminating": not ends}
    if name != "PriorityClass":
        return known.get(name, False)
    found, values = spec.get("priorityClassName", ""), scope.get("values") or ()
    choices = {"In": found in values, "NotIn": found not in values, "Exists": bool(found), "DoesNotExist": not found}
    return choices.get(scope.get("operator", "Exists"), False)


def _find_unset(spec: Part, hard: Amounts) -> str:
    """Return which containers lack which resources that a quota needs."""
    texts = []
    for name in _NEEDED:
        if name not in hard:
            continue
        kind, _, short = name.rpartition(".")
        containers = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
        unset = [each["name"] for each in containers if not _has_amount(each, kind or "requests", short)]
        if unset:
            texts.append(f"{name} for: {','.join(sorted(unset))}")
    return "; ".join(texts)


def _has_amount(container: Part, kind: str, name: str) -> bool:
    return name in ((container.get("resources") or {}).get(kind) or {})


def _show(names: list[str], amounts: Mapping[str, Decimal]) -> str:
    return ",".join(f"{name}={format_amount(name, amounts.get(name, Decimal(0)))}" for name in names)


def list_quotas_with_new_use(cluster: ClusterView, namespace: str) -> Iterator[tuple[Object, Object]]:
    """Yield the quotas of a namespace whose status is no longer right, with the right one."""
    kind = cluster.resources.require(*_KEY[:1], "v1", _KEY[1])
    for quota in cluster.store.list_items(kind, namespace):
        status = describe_use(cluster, quota)
        if quota.get("status") != status:
            yield quota, status
