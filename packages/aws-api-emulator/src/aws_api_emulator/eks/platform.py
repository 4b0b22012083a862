"""One cluster of EKS as the platform of a cluster of Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_api_emulator.eks.cluster_objects import add_node_roles, create_storage_class, read_auth_map
from aws_api_emulator.eks.identities import find_user
from aws_api_emulator.eks.load_balancers import find_ingress_host, find_service_host
from aws_api_emulator.eks.tokens import read_caller

if TYPE_CHECKING:
    from kube_api_emulator.server.cluster import Cluster
    from kube_api_emulator.server.identity.users import User
    from kube_api_emulator.server.platform import HasController
    from kube_api_emulator.server.resources import Object

    from aws_api_emulator.exchange import Cloud, EksCluster


class EksPlatform:
    """Implements `kube_api_emulator.server.platform.Platform`.

    Attributes:
        facts: what EKS says of its cluster at this moment.
    """

    def __init__(self, cloud: Cloud, facts: EksCluster) -> None:
        self.facts = facts
        self._cloud = cloud
        self._cluster: Cluster | None = None

    def prepare_cluster(self, cluster: Cluster) -> None:
        self._cluster = cluster
        create_storage_class(cluster)
        add_node_roles(cluster, self.facts, self.facts.node_roles)

    def authenticate(self, token: str) -> User | None:
        caller = read_caller(token, self.facts, self._cloud.identify_caller)
        auth_map = read_auth_map(self._cluster) if self._cluster else None
        return find_user(caller, self.facts, auth_map) if caller else None

    def find_service_host(self, service: Object, has_controller: HasController) -> str:
        return find_service_host(service, has_controller)

    def find_ingress_host(self, ingress: Object, controller: str, has_controller: HasController) -> str | None:
        return find_ingress_host(ingress, controller, has_controller)
