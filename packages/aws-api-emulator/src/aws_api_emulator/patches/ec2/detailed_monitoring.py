"""EC2: detailed monitoring of an instance."""

from functools import partialmethod

from aws_api_emulator.patches.patch import Patch


def _apply() -> None:
    from moto.core.responses import ActionResult
    from moto.ec2.responses.monitoring import Monitoring

    def set_monitoring(self: Monitoring, *, state: str) -> ActionResult:
        instances = self.ec2_backend.get_multi_instances_by_id(self._get_param("InstanceIds", []))
        for instance in instances:
            instance.monitoring_state = state
        monitorings = [{"InstanceId": each.id, "Monitoring": each.monitoring} for each in instances]
        return ActionResult({"InstanceMonitorings": monitorings})

    for name, state in (("monitor_instances", "enabled"), ("unmonitor_instances", "disabled")):
        setattr(Monitoring, name, partialmethod(set_monitoring, state=state))


PATCH = Patch("ec2-monitoring", "ec2", _apply)
"""moto does not know MonitorInstances, so an instance with `monitoring = true` cannot be created."""
