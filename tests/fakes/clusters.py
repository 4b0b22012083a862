"""Clusters by name: those of EKS in an environment, and those of a kubeconfig."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports.kubernetes import ClusterConnection, LookPermissions


@dataclass
class MemoryClusters:
    """`eks` has connections by environment and name."""

    eks: dict[tuple[str, str], ClusterConnection] = field(default_factory=dict)
    contexts: dict[str, ClusterConnection] = field(default_factory=dict)
    asked_regions: list[str] = field(default_factory=list)

    def find_cluster(self, environment: str, region: str, name: str) -> ClusterConnection:
        self.asked_regions.append(region)
        if (environment, name) not in self.eks:
            raise OperationFailedError(Problem("E630", f"there is no EKS cluster {name} in {environment}", "apply it"))
        return self.eks[environment, name]

    def find_context(self, context: str) -> ClusterConnection:
        if context not in self.contexts:
            raise OperationFailedError(Problem("E632", f"there is no context {context}", "add it"))
        return self.contexts[context]


@dataclass
class MemoryClusterInspector:
    """`missing` has the permissions that the caller lacks, by namespace; `unreachable` the URLs without an answer;
    `looking` what a role that only looks may do, by namespace.
    """

    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unreachable: set[str] = field(default_factory=set)
    looking: dict[str, LookPermissions] = field(default_factory=dict)
    kubectl: str = "1.35"
    version: str = "1.35"

    def read_kubectl_version(self) -> str:
        return self.kubectl

    def check_looking(self, connection: ClusterConnection, namespace: str) -> LookPermissions:
        return self.looking.get(namespace, LookPermissions((), can_dry_run=True))

    def describe_tools(self, *, with_helm: bool) -> Mapping[str, str]:
        found = {"kubectl": "with kustomize 5.8 (/bin/kubectl)"}
        return {**found, "helm": "4.3 (/bin/helm)"} if with_helm else found

    def fetch_version(self, connection: ClusterConnection) -> str:
        if connection.url in self.unreachable:
            raise OperationFailedError(Problem("E620", f"the {connection.name} can't be reached", "check the network"))
        return self.version

    def list_missing_permissions(self, connection: ClusterConnection, namespace: str) -> tuple[str, ...]:
        return self.missing.get(namespace, ())
