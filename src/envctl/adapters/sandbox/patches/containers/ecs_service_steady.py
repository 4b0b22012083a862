"""ECS: a service whose tasks start."""

from collections.abc import Callable
from typing import Any

from envctl.adapters.sandbox.patches.patch import Patch, replace_method


def _apply() -> None:
    from moto.core.utils import utcnow
    from moto.ecs.models import EC2ContainerServiceBackend, Service

    stock_init: Callable[..., None] = Service.__init__
    stock_update = EC2ContainerServiceBackend.update_service

    def settle(service: Service) -> None:
        """What every healthy service comes to: all tasks run, in one deployment that is done."""
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
        settle(self)

    def update_service(self: EC2ContainerServiceBackend, service_properties: dict[str, Any]) -> Service:
        counted = service_properties.get("desired_count") is not None
        service = stock_update(self, service_properties)
        # moto takes the tasks off the cluster, and puts them back only where their number was given.
        if not counted:
            cluster = self._get_cluster(service.cluster_name)
            self.update_cluster_resources(cluster, service.running_count, task_state="RUNNING")
        settle(service)
        return service

    replace_method(Service, __init__)
    replace_method(EC2ContainerServiceBackend, update_service)


PATCH = Patch(
    name="ecs-service-steady",
    service="ecs",
    gap="moto never starts a service's tasks, so an apply that waits for a steady state ends in a timeout",
    apply=_apply,
)
