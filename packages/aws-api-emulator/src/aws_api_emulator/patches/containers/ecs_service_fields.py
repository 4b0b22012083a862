"""ECS: the settings of a new service."""

from aws_api_emulator.patches.patch import Patch, replace_methods

_ATTRIBUTE_BY_PARAMETER = {
    "capacityProviderStrategy": "capacity_provider_strategy",
    "enableECSManagedTags": "enable_ecs_managed_tags",
    "enableExecuteCommand": "enable_execute_command",
    "healthCheckGracePeriodSeconds": "health_check_grace_period_seconds",
}
_DEFAULT_DEPLOYMENT = {"maximumPercent": 200, "minimumHealthyPercent": 100}


def _apply() -> None:
    from moto.core.responses import ActionResult
    from moto.ecs.responses import EC2ContainerServiceResponse

    stock = EC2ContainerServiceResponse.create_service

    def create_service(self: EC2ContainerServiceResponse) -> ActionResult:
        answer = stock(self)
        service = answer.result["service"]  # type: ignore[index]
        for parameter, attribute in _ATTRIBUTE_BY_PARAMETER.items():
            if (given := self._get_param(parameter)) is not None:
                setattr(service, attribute, given)
        service.deployment_configuration = {**_DEFAULT_DEPLOYMENT, **(self._get_param("deploymentConfiguration") or {})}
        # A service with capacity providers has no launch type.
        if self._get_param("capacityProviderStrategy"):
            service.launch_type = None
            for deployment in service.deployments:
                deployment.pop("launchType", None)
                deployment["platformFamily"] = "Linux"
                deployment["capacityProviderStrategy"] = service.capacity_provider_strategy
        return answer

    replace_methods(EC2ContainerServiceResponse, create_service)


PATCH = Patch("ecs-service-fields", "ecs", _apply)
"""moto forgets how a service is deployed and on which capacity, so every plan wants to replace it."""
