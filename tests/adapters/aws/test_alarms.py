"""What alarms of CloudWatch say: asked of moto, and of AWS that says no."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber
from moto import mock_aws

from envctl.adapters.aws.alarms import PAGE_SIZE, CloudWatchAlarms
from envctl.domain.errors import OperationFailedError

REGION = "ap-northeast-1"
KEYS = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}


def client(service: str, environment: str, *, region: str = "") -> Any:
    assert environment == "prod"
    limits = Config(retries={"total_max_attempts": 1}, read_timeout=30, connect_timeout=30)
    return boto3.client(service, region_name=region or REGION, config=limits, **KEYS)


@pytest.fixture
def cloudwatch() -> Iterator[Any]:
    with mock_aws():
        yield client("cloudwatch", "prod")


def put(cloudwatch: Any, name: str, state: str = "") -> None:
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        MetricName="HTTPCode_Target_5XX_Count",
        Namespace="AWS/ApplicationELB",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=10,
        ComparisonOperator="GreaterThanThreshold",
    )
    if state:
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason=f"{state} it is\nand more")


def states(*names: str, region: str = "") -> list[str]:
    return [seen.state for seen in CloudWatchAlarms(client).check_alarms("prod", region, names)]


def test_alarm_states_are_returned_in_requested_order(cloudwatch: Any) -> None:
    put(cloudwatch, "calm", "OK")
    put(cloudwatch, "loud", "ALARM")
    put(cloudwatch, "new", "INSUFFICIENT_DATA")
    assert states("loud", "nobody", "new", "calm") == ["ALARM", "absent", "INSUFFICIENT_DATA", "OK"]
    (loud,) = CloudWatchAlarms(client).check_alarms("prod", "", ("loud",))
    assert (loud.state, loud.reason) == ("ALARM", "ALARM it is")


def test_composite_alarms_and_further_pages_are_read() -> None:
    """Moto makes no composite alarms."""
    asked = client("cloudwatch", "prod")
    stub = Stubber(asked)
    wanted = {"AlarmNames": ["any", "calm"], "AlarmTypes": ["MetricAlarm", "CompositeAlarm"], "MaxRecords": PAGE_SIZE}
    stub.add_response(
        "describe_alarms",
        {"CompositeAlarms": [{"AlarmName": "any", "StateValue": "ALARM"}], "NextToken": "more"},
        wanted,
    )
    stub.add_response(
        "describe_alarms",
        {"MetricAlarms": [{"AlarmName": "calm", "StateValue": "OK"}]},
        {**wanted, "NextToken": "more"},
    )
    with stub:
        found = CloudWatchAlarms(lambda *_, **__: asked).check_alarms("prod", "", ("any", "calm"))
    assert [each.state for each in found] == ["ALARM", "OK"]
    stub.assert_no_pending_responses()


def test_alarm_of_another_region_is_absent(cloudwatch: Any) -> None:
    put(cloudwatch, "calm", "OK")
    assert states("calm", region="ap-northeast-3") == ["absent"]


def test_many_alarms_are_read_in_several_requests(cloudwatch: Any) -> None:
    put(cloudwatch, "calm", "OK")
    names = [f"alarm-{number}" for number in range(PAGE_SIZE + 5)]
    assert states(*names, "calm")[-1] == "OK"


DENIED: dict[str, tuple[str, str, str]] = {
    "no right": ("AccessDenied", "the permission cloudwatch:DescribeAlarms is missing", "allow cloudwatch"),
    "too many questions": ("Throttling", "AWS throttles (Throttling)", "try again"),
    "credentials that are over": ("ExpiredToken", "the credentials are no longer valid", "sign in"),
}


@pytest.mark.parametrize(("code", "why", "hint"), DENIED.values(), ids=DENIED)
def test_denied_alarm_access_is_reported(code: str, why: str, hint: str) -> None:
    asked = client("cloudwatch", "prod")
    stub = Stubber(asked)
    stub.add_client_error("describe_alarms", code, "no")
    with stub, pytest.raises(OperationFailedError) as failed:
        CloudWatchAlarms(lambda *_, **__: asked).check_alarms("prod", "", ("calm",))
    (problem,) = failed.value.problems
    assert (problem.code, problem.hint[: len(hint)]) == ("E334", hint)
    assert problem.message.startswith(f"the alarms of prod can't be read: {why}")


def test_unreachable_cloudwatch_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(service: str, _environment: str, *, region: str = "") -> Any:
        limits = Config(retries={"total_max_attempts": 1}, connect_timeout=30)
        where = {"endpoint_url": "http://127.0.0.1:9", "region_name": region or REGION}
        return boto3.client(service, config=limits, **where, **KEYS)

    with pytest.raises(OperationFailedError, match="AWS could not be reached"):
        CloudWatchAlarms(nowhere).check_alarms("prod", "", ("calm",))


def test_cloudwatch_client_is_created_once_per_region(cloudwatch: Any) -> None:
    made: list[str] = []

    def counted(service: str, environment: str, *, region: str = "") -> Any:
        made.append(region)
        return client(service, environment, region=region)

    asking: Callable[[str], object] = lambda region: alarms.check_alarms("prod", region, ("calm",))  # noqa: E731
    alarms = CloudWatchAlarms(counted)
    for region in ("", "", "ap-northeast-3", ""):
        asking(region)
    assert made == ["", "ap-northeast-3"]
