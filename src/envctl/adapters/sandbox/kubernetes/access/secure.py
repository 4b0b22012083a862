"""A cluster whose users have the permissions that roles give them, as any real one."""

from functools import partial

from envctl.adapters.sandbox.kubernetes.access.escalation import check_escalation
from envctl.adapters.sandbox.kubernetes.access.roles import RoleAuthorizer, install_default_roles
from envctl.adapters.sandbox.kubernetes.admission.quotas import list_quotas_with_new_use
from envctl.adapters.sandbox.kubernetes.bootstrap.api_services import keep_api_services
from envctl.adapters.sandbox.kubernetes.bootstrap.server_objects import create_server_objects
from envctl.adapters.sandbox.kubernetes.cluster import Cluster, WriteOptions
from envctl.adapters.sandbox.kubernetes.resources import locate
from envctl.adapters.sandbox.kubernetes.store import Event


def secure_cluster(cluster: Cluster) -> RoleAuthorizer:
    """Give a new cluster the objects of the server, its roles and all admission plugins.

    Returns what decides about requests.
    """
    install_default_roles(cluster)
    create_server_objects(cluster)
    keep_api_services(cluster)
    authorizer = RoleAuthorizer(cluster)
    cluster.chain.has_accounts = True
    cluster.chain.checks.append(partial(check_escalation, authorizer=authorizer))
    _count_quotas(cluster)
    return authorizer


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
