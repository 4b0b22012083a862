"""A cluster whose users have the permissions that roles give them, as any real one.

Source: none; this is a helper that joins the rules of access and admission.
"""

from functools import partial

from kube_api_emulator.server.access.escalation import check_escalation
from kube_api_emulator.server.access.roles import RoleAuthorizer, install_default_roles
from kube_api_emulator.server.admission.quotas import list_quotas_with_new_use
from kube_api_emulator.server.bootstrap.api_services import keep_api_services
from kube_api_emulator.server.bootstrap.server_objects import create_server_objects
from kube_api_emulator.server.cluster import Cluster, WriteOptions
from kube_api_emulator.server.resources import locate
from kube_api_emulator.server.store import Event


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
