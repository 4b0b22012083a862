"""Auto Scaling: groups with mixed instances."""

from typing import Any

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.autoscaling.models import FakeAutoScalingGroup
    from moto.autoscaling.responses import AutoScalingResponse

    stock_update = FakeAutoScalingGroup.update
    stock_capacity = FakeAutoScalingGroup.set_desired_capacity
    stock_answer = AutoScalingResponse.update_auto_scaling_group

    def update_auto_scaling_group(self: AutoScalingResponse) -> object:
        answer = stock_answer(self)
        rebalance = self._get_bool_param("CapacityRebalance")
        if rebalance is not None:
            group = self.autoscaling_backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
            group.capacity_rebalance = rebalance
        return answer

    def update(
        self: FakeAutoScalingGroup,
        *,
        mixed_instances_policy: dict[str, Any] | None,
        **changes: Any,  # noqa: ANN401 (as the stock one takes them)
    ) -> None:
        """Keep the policy of the group unless the update names another policy or a launch template."""
        silent = not (mixed_instances_policy or changes.get("launch_template") or changes.get("launch_config_name"))
        kept = self.mixed_instances_policy
        stock_update(self, mixed_instances_policy=mixed_instances_policy, **changes)
        if silent:
            self.mixed_instances_policy = kept

    def launch_template(self: FakeAutoScalingGroup) -> dict[str, Any] | None:
        """Return the launch template, or None if a policy contains it: AWS never shows both."""
        if self.ec2_launch_template is None or self.mixed_instances_policy:
            return None
        return {
            "LaunchTemplateId": self.ec2_launch_template.id,
            "LaunchTemplateName": self.ec2_launch_template.name,
            "Version": self.provided_launch_template_version,
        }

    def set_desired_capacity(self: FakeAutoScalingGroup, new_capacity: int | None) -> None:
        """Launch the full capacity if no instance type has a weight: moto rounds both shares down."""
        policy = self.mixed_instances_policy
        overrides = policy["LaunchTemplate"].get("Overrides", []) if policy else []
        if any("WeightedCapacity" in override for override in overrides):
            stock_capacity(self, new_capacity)
            return
        self.mixed_instances_policy = None
        try:
            stock_capacity(self, new_capacity)
        finally:
            self.mixed_instances_policy = policy

    replace_methods(AutoScalingResponse, update_auto_scaling_group)
    replace_methods(FakeAutoScalingGroup, update, set_desired_capacity)
    FakeAutoScalingGroup.launch_template = property(launch_template)  # type: ignore[assignment,method-assign]


PATCH = Patch("autoscaling-mixed-instances", "autoscaling", _apply)
"""moto launches too few instances where the share of spot is uneven, shows a launch template beside the policy, and
an update loses the policy and never sets CapacityRebalance: Terraform waits, and its plans are never empty.
"""
