"""ECS: what a service is created with."""

from envctl.adapters.sandbox.patches.patch import Patch, replace_method

_KEPT = {
    "capacityProviderStrategy": "capacity_provider_strategy",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "enableExecuteCommand": "enable_execute_command",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
}
_USUAL = {"maximumPercent": 200, "minimumHealthyPercent": 100}


def _apply() -> None:
    from moto.core.responses import ActionResult
    from moto.ecs.responses import EC2ContainerServiceResponse

    stock = EC2ContainerServiceResponse.create_service

    def create_service(self: EC2ContainerServiceResponse) -> ActionResult:
        answer = stock(self)
        service = answer.result["service"]  # type: ignore[index]
        for parameter, attribute in _KEPT.items():
            if (given := self._get_param(parameter)) is not None:
                setattr(service, attribute, given)
        service.deployment_configuration = {**_USUAL, **(self._get_param("deploymentConfiguration") or {})}
        # Where providers of capacity are named, there is no launch type.
        if self._get_param("capacityProviderStrategy"):
            service.launch_type = None
            for deployment in service.deployments:
                deployment.pop("launchType", None)
                deployment["platformFamily"] = "Linux"
                deployment["capacityProviderStrategy"] = service.capacity_provider_strategy
        return answer

    replace_method(EC2ContainerServiceResponse, create_service)


PATCH = Patch(
    name="ecs-service-fields",
    service="ecs",
    gap="moto forgets how a service is deployed and on which capacity, so every plan wants to replace it",
    apply=_apply,
)
