"""The Kubernetes clusters behind the endpoints of EKS: each begins with the first request to it."""

import sys
import threading
from dataclasses import dataclass

from kube_api_emulator.server.access.secure import secure_cluster
from kube_api_emulator.server.api.requests import KubernetesApi
from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.controllers.context import DEFAULT_NODES, NodeFacts
from kube_api_emulator.server.controllers.loop import Controllers
from kube_api_emulator.versions import describe_borrowed_rules

from aws_api_emulator.eks.cluster_objects import add_node_roles
from aws_api_emulator.eks.platform import EksPlatform
from aws_api_emulator.exchange import Cloud, EksCluster

_DEADLINE_SECONDS = 10.0


@dataclass
class _Running:
    api: KubernetesApi
    controllers: Controllers
    platform: EksPlatform


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
            new_roles = [role for role in facts.node_roles if role not in running.platform.facts.node_roles]
            # Its access entries, too, may be others since the cluster began.
            running.platform.facts = facts
        running.controllers.set_nodes(_choose_nodes(facts))
        if new_roles:
            add_node_roles(running.api.cluster, facts, new_roles)
        if running.api.cluster.version != facts.version:
            _log_borrowed_rules(facts)
            running.api.set_version(facts.version)
        return running.api

    def _start(self, facts: EksCluster) -> _Running:
        _log_borrowed_rules(facts)
        cluster, platform, nodes = Cluster(facts.version), EksPlatform(self._cloud, facts), _choose_nodes(facts)
        controllers = Controllers(
            cluster, ready_seconds=0.1, deadline_seconds=_DEADLINE_SECONDS, nodes=nodes, platform=platform
        )
        controllers.start()
        authorize = secure_cluster(cluster)
        platform.prepare_cluster(cluster)
        return _Running(KubernetesApi(cluster, platform.authenticate, authorize), controllers, platform)


def _log_borrowed_rules(facts: EksCluster) -> None:
    if borrowed := describe_borrowed_rules(facts.version):
        sys.stderr.write(f"cluster {facts.name}: {borrowed}\n")


def _choose_nodes(facts: EksCluster) -> tuple[NodeFacts, ...]:
    if facts.nodes is None:
        return DEFAULT_NODES
    return tuple(NodeFacts(each.name, each.labels, each.taints) for each in facts.nodes)
