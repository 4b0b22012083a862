"""What the place of a cluster adds to it: a cloud knows its users, and makes load balancers."""

from collections.abc import Callable
from typing import Protocol

from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.identity.users import User
from kube_api_emulator.server.resources import Object

HasController = Callable[[str], bool]
"""Returns whether a ready workload has this value of the label `app.kubernetes.io/name`."""


class Platform(Protocol):
    """The place of a cluster. `LocalPlatform` is that of a cluster on one machine."""

    def prepare_cluster(self, cluster: Cluster) -> None:
        """Put the objects of the platform into a new cluster."""

    def authenticate(self, token: str) -> User | None:
        """Return the user of a token; None for a token that is not valid."""

    def find_service_host(self, service: Object, has_controller: HasController) -> str:
        """Return the host of the load balancer of a Service; empty as long as it has none."""

    def find_ingress_host(self, ingress: Object, controller: str, has_controller: HasController) -> str | None:
        """Return the host of an Ingress; empty as long as it has none, and None for a controller of others.

        Args:
            controller: of its class; empty for an unknown class.
        """


class LocalPlatform:
    """A cluster on one machine: each Service of the type LoadBalancer has a name that no server answers to."""

    def prepare_cluster(self, cluster: Cluster) -> None:
        """Add nothing."""

    def authenticate(self, token: str) -> User | None:  # noqa: ARG002 (of the protocol)
        return None

    def find_service_host(self, service: Object, has_controller: HasController) -> str:  # noqa: ARG002 (of the protocol)
        if service["spec"].get("loadBalancerClass"):
            return ""
        return f"{service['metadata']['name']}.{service['metadata']['namespace']}.loadbalancer.localhost"

    def find_ingress_host(
        self,
        ingress: Object,  # noqa: ARG002 (of the protocol)
        controller: str,  # noqa: ARG002 (of the protocol)
        has_controller: HasController,  # noqa: ARG002 (of the protocol)
    ) -> str | None:
        return None
