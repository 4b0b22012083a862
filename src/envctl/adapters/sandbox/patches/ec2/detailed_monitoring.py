"""EC2: detailed monitoring of an instance."""

from envctl.adapters.sandbox.patches.patch import Patch, replace_method


def _apply() -> None:
    from moto.core.responses import ActionResult
    from moto.ec2.responses.monitoring import Monitoring

    def set_monitoring(response: Monitoring, state: str) -> ActionResult:
        instances = response.ec2_backend.get_multi_instances_by_id(response._get_param("InstanceIds", []))
        for instance in instances:
            instance.monitoring_state = state
        return ActionResult(
            {"InstanceMonitorings": [{"InstanceId": i.id, "Monitoring": i.monitoring} for i in instances]}
        )

    def monitor_instances(self: Monitoring) -> ActionResult:
        return set_monitoring(self, "enabled")

    def unmonitor_instances(self: Monitoring) -> ActionResult:
        return set_monitoring(self, "disabled")

    replace_method(Monitoring, monitor_instances)
    replace_method(Monitoring, unmonitor_instances)


PATCH = Patch(
    name="ec2-monitoring",
    service="ec2",
    gap="moto does not know MonitorInstances, so an instance with `monitoring = true` cannot be created",
    apply=_apply,
)
