"""ECS: services in a steady state, with all tasks running."""

from collections.abc import Callable
from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.core.utils import utcnow
    from moto.ecs.models import EC2ContainerServiceBackend, Service

    stock_init: Callable[..., None] = Service.__init__
    stock_update = EC2ContainerServiceBackend.update_service

    def mark_steady(service: Service) -> None:
        """Set the steady state of a healthy service: all tasks run, and the deployment is completed."""
        service.running_count, service.pending_count = service.desired_count, 0
        for deployment in service.deployments:
            deployment.update(
                desiredCount=service.desired_count,
                pendingCount=0,
                rolloutState="COMPLETED",
                rolloutStateReason=f"ECS deployment {deployment['id']} completed.",
                runningCount=service.running_count,
                taskDefinition=service.task_definition,
                updatedAt=utcnow(),
            )

    def __init__(self: Service, *arguments: object, **keywords: object) -> None:  # noqa: N807 (it takes the place of one)
        stock_init(self, *arguments, **keywords)
        mark_steady(self)

    def update_service(self: EC2ContainerServiceBackend, service_properties: dict[str, Any]) -> Service:
        counted = service_properties.get("desired_count") is not None
        service = stock_update(self, service_properties)
        # moto removes the tasks from the cluster, and restores them only if their number is given.
        if not counted:
            cluster = self._get_cluster(service.cluster_name)
            self.update_cluster_resources(cluster, service.running_count, task_state="RUNNING")
        mark_steady(service)
        return service

    replace_methods(Service, __init__)
    replace_methods(EC2ContainerServiceBackend, update_service)


PATCH = Patch("ecs-service-steady", "ecs", _apply)
"""moto never starts a service's tasks, so an apply that waits for a steady state ends in a timeout."""
