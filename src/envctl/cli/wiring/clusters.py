"""The Kubernetes part of the composition root: where clusters are found, and one API for each in a command."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envctl.adapters.aws.eks_access import EksClusters
    from envctl.adapters.kubernetes.api import ClusterApi
    from envctl.usecases.ports.kubernetes import ClusterConnection, ClusterFinder
    from envctl.usecases.ports.terraform import PreparedStack


@dataclass(eq=False, repr=False)
class WiredClusters:
    """The ClusterFinder port: EKS by the credentials of an environment, and contexts of the caller's kubeconfig.

    `open_client` opens a boto3 client. The sandbox reaches no cluster of a kubeconfig: that may be a real one.
    """

    open_client: Callable[..., Any]
    inherited: Callable[[], Mapping[str, str]]
    _: KW_ONLY
    sandbox: bool

    @cached_property
    def _eks(self) -> "EksClusters":
        from envctl.adapters.aws.eks_access import EksClusters

        return EksClusters(self.open_client)

    def find_cluster(self, environment: str, region: str, name: str) -> "ClusterConnection":
        return self._eks.find_cluster(environment, region, name)

    def find_context(self, context: str) -> "ClusterConnection":
        if self.sandbox:
            from envctl.domain.errors import ConfigurationError, Problem

            message = f"the sandbox does not reach the context {context}: it may lead to a real cluster"
            hint = "name an EKS cluster in envctl.toml (cluster = …); the sandbox has one of its own for it"
            raise ConfigurationError(Problem("E635", message, hint))
        from envctl.adapters.kubernetes.kubeconfig import Kubeconfigs

        return Kubeconfigs(self.inherited()).find_context(context)


@dataclass(eq=False, repr=False)
class ClusterApis:
    """The APIs of the clusters that stacks of a command use: stacks of one cluster share connections and discovery."""

    clusters: "ClusterFinder"
    inherited: Callable[[], Mapping[str, str]]
    on_message: Callable[[str], None]
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _apis: "dict[tuple[str, str, str, str], ClusterApi]" = field(default_factory=dict, init=False)
    _warnings: set[str] = field(default_factory=set, init=False)

    def find_api(self, environment: str, stack: "PreparedStack", name: str) -> "ClusterApi":
        """Return the API of the cluster of a stack. `name` is that of an EKS cluster; a context needs none."""
        context = stack.workload.cluster.context if stack.workload else ""
        # Asked each time: an upstream stack of the same command may have replaced the cluster.
        connection = (
            self.clusters.find_context(context)
            if context
            else self.clusters.find_cluster(environment, stack.region, name)
        )
        key = (environment, connection.name, connection.url, connection.authority)
        with self._lock:
            if key not in self._apis:
                self._apis[key] = self._open_api(connection)
            return self._apis[key]

    def _open_api(self, connection: "ClusterConnection") -> "ClusterApi":
        from envctl.adapters.kubernetes.api import ClusterApi

        def report_warning(text: str) -> None:
            message = f"the {connection.name} warns: {text}"
            with self._lock:
                is_new = message not in self._warnings
                self._warnings.add(message)
            if is_new:
                self.on_message(message)

        return ClusterApi(connection, self.inherited(), on_warning=report_warning)
