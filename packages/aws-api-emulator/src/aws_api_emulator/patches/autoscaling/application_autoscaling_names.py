"""Application Auto Scaling: lookup of policies by name."""

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    import json

    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

    stock = ApplicationAutoScalingResponse.describe_scaling_policies

    def describe_scaling_policies(self: ApplicationAutoScalingResponse) -> str:
        answer = json.loads(stock(self))
        if names := self._get_param("PolicyNames"):
            answer["ScalingPolicies"] = [each for each in answer["ScalingPolicies"] if each["PolicyName"] in names]
        return json.dumps(answer)

    replace_methods(ApplicationAutoScalingResponse, describe_scaling_policies)


PATCH = Patch("application-autoscaling-names", "applicationautoscaling", _apply)
"""moto answers with all policies of a service, so the second one is taken for the first."""
