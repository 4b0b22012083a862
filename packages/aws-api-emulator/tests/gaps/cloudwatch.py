"""CloudWatch."""

from tests.gaps import Client, Probe, fails


def composite(client: Client) -> bool:
    cloudwatch, topic = client("cloudwatch"), "arn:aws:sns:us-east-1:123456789012:alarms"
    wanted = {"AlarmName": "wrong", "AlarmRule": 'ALARM("first") OR ALARM("second")', "AlarmActions": [topic]}
    if fails(lambda: cloudwatch.put_composite_alarm(**wanted)):
        return True
    found = cloudwatch.describe_alarms(AlarmNames=["wrong"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    return [{key: alarm.get(key) for key in wanted} for alarm in found] != [wanted]


PROBES: dict[str, Probe] = {"cloudwatch-composite": composite}
