"""CloudWatch: composite alarms."""

from aws_api_emulator.patches.patch import Patch, replace_methods


def _apply() -> None:
    from moto.cloudwatch.responses import CloudWatchResponse
    from moto.core.responses import ActionResult

    def put_composite_alarm(self: CloudWatchResponse) -> ActionResult:
        # moto's alarm has a field for the rule, and DescribeAlarms distinguishes both kinds by it.
        return self.put_metric_alarm()

    replace_methods(CloudWatchResponse, put_composite_alarm)


PATCH = Patch("cloudwatch-composite", "cloudwatch", _apply)
"""moto does not know PutCompositeAlarm, so an alarm over other alarms cannot be created."""
