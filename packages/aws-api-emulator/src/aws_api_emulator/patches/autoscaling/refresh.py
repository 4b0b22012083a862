"""Auto Scaling: an instance refresh."""

import uuid

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.autoscaling.responses import AutoScalingResponse
    from moto.core.responses import ActionResult

    def start_instance_refresh(self: AutoScalingResponse) -> object:
        """Replace all instances at once: the sandbox serves no traffic during the refresh."""
        backend = self.autoscaling_backend
        group = backend.autoscaling_groups[self._get_param("AutoScalingGroupName")]
        if group.instance_states:
            backend.ec2_backend.terminate_instances([state.instance.id for state in group.instance_states])
        group.instance_states = []
        group.set_desired_capacity(group.desired_capacity)
        return ActionResult({"InstanceRefreshId": str(uuid.uuid4())})

    replace_methods(AutoScalingResponse, start_instance_refresh)


PATCH = Patch("autoscaling-refresh", "autoscaling", _apply)
"""moto does not know StartInstanceRefresh, so a changed launch template cannot roll its group."""
