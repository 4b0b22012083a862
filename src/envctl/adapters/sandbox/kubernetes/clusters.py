"""The Kubernetes clusters behind the endpoints of EKS: each begins with the first request to it."""

import threading
from dataclasses import dataclass

from envctl.adapters.sandbox.exchange import Cloud, EksCluster
from envctl.adapters.sandbox.kubernetes.access.identities import find_user
from envctl.adapters.sandbox.kubernetes.access.secure import secure_cluster
from envctl.adapters.sandbox.kubernetes.api.requests import KubernetesApi
from envctl.adapters.sandbox.kubernetes.cluster import Cluster
from envctl.adapters.sandbox.kubernetes.controllers.context import DEFAULT_NODES, NodeFacts
from envctl.adapters.sandbox.kubernetes.controllers.loop import Controllers
from envctl.adapters.sandbox.kubernetes.eks_objects import add_node_roles, create_storage_class, read_auth_map
from envctl.adapters.sandbox.kubernetes.identity.users import User
from envctl.adapters.sandbox.kubernetes.tokens import read_caller

_DEADLINE_SECONDS = 10.0


@dataclass
class _Running:
    api: KubernetesApi
    controllers: Controllers
    facts: EksCluster


class KubernetesClusters:
    """The running clusters of a sandbox, by the hosts of their endpoints."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}

    def find_api(self, host: str) -> KubernetesApi | None:
        """Return the API of the cluster with this endpoint; None if EKS has no such cluster (any more)."""
        facts = self._cloud.find_cluster(host)
        with self._lock:
            if facts is None:
                if ended := self._running.pop(host, None):
                    ended.controllers.stop()
                return None
            if host not in self._running:
                self._running[host] = self._start(facts)
            running = self._running[host]
            new_roles = [role for role in facts.node_roles if role not in running.facts.node_roles]
            running.facts = facts
        running.controllers.set_nodes(_choose_nodes(facts))
        if new_roles:
            add_node_roles(running.api.cluster, facts, new_roles)
        if running.api.cluster.version != facts.version:
            running.api.set_version(facts.version)
        return running.api

    def _start(self, facts: EksCluster) -> _Running:
        cluster = Cluster(facts.version)
        nodes = _choose_nodes(facts)
        controllers = Controllers(cluster, ready_seconds=0.1, deadline_seconds=_DEADLINE_SECONDS, nodes=nodes)
        controllers.start()
        authorize = secure_cluster(cluster)
        create_storage_class(cluster)
        add_node_roles(cluster, facts, facts.node_roles)

        def authenticate(token: str) -> User | None:
            # The entries of this moment: EKS may have got others since the cluster began.
            running = self._running.get(facts.host)
            current = running.facts if running else facts
            caller = read_caller(token, current, self._cloud.identify_caller)
            return find_user(caller, current, read_auth_map(cluster)) if caller else None

        return _Running(KubernetesApi(cluster, authenticate, authorize), controllers, facts)


def _choose_nodes(facts: EksCluster) -> tuple[NodeFacts, ...]:
    if facts.nodes is None:
        return DEFAULT_NODES
    return tuple(NodeFacts(each.name, each.labels, each.taints) for each in facts.nodes)
