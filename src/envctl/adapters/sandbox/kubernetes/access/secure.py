"""A cluster whose users have the permissions that roles give them, as any real one."""

from functools import partial

from envctl.adapters.sandbox.kubernetes.access.escalation import check_escalation
from envctl.adapters.sandbox.kubernetes.access.roles import RoleAuthorizer, install_default_roles
from envctl.adapters.sandbox.kubernetes.admission.quotas import list_quotas_with_new_use
from envctl.adapters.sandbox.kubernetes.cluster import Cluster, WriteOptions
from envctl.adapters.sandbox.kubernetes.metadata import prepare_new
from envctl.adapters.sandbox.kubernetes.resources import Object, locate
from envctl.adapters.sandbox.kubernetes.store import Event

_CLASSES = {
    "system-cluster-critical": (2_000_000_000, "must run in the cluster, but can be moved to another node"),
    "system-node-critical": (2_000_001_000, "must not be moved from their current node"),
}


def secure_cluster(cluster: Cluster) -> RoleAuthorizer:
    """Give a new cluster its default roles and all admission plugins. Returns what decides about requests."""
    install_default_roles(cluster)
    _create_priority_classes(cluster)
    authorizer = RoleAuthorizer(cluster)
    cluster.chain.has_accounts = True
    cluster.chain.checks.append(partial(check_escalation, authorizer=authorizer))
    _count_quotas(cluster)
    return authorizer


def _create_priority_classes(cluster: Cluster) -> None:
    classes = cluster.resources.require("scheduling.k8s.io", "v1", "priorityclasses")
    for name, (value, text) in _CLASSES.items():
        description = f"Used for system critical pods that {text}."
        content: Object = {"metadata": {"name": name}, "value": value, "description": description}
        content["preemptionPolicy"] = "PreemptLowerPriority"
        # Past the validation, which keeps these names for the server itself.
        cluster.store.put(classes, prepare_new(classes, "", content))


def _count_quotas(cluster: Cluster) -> None:
    """Keep the status of the quotas right."""
    quotas = cluster.resources.require("", "v1", "resourcequotas")

    def count(event: Event) -> None:
        namespace = event.item["metadata"].get("namespace", "")
        if namespace and cluster.store.list_items(quotas, namespace):
            for quota, status in list(list_quotas_with_new_use(cluster, namespace)):
                options = WriteOptions("kube-controller-manager", part="status")
                cluster.update(locate(quotas, quota), quota | {"status": status}, options)

    cluster.store.listeners.append(count)
