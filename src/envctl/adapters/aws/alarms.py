"""The Alarms port on CloudWatch: states of metric alarms and composite alarms."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from envctl.adapters.aws.call_failures import explain_failure
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.rollout.alarms import AlarmState, AlarmStatus

# At most this many names are allowed in a request.
PAGE_SIZE, MAX_PAGES = 100, 20
ALARM_STATES: Mapping[str, AlarmState] = {"OK": "OK", "ALARM": "ALARM", "INSUFFICIENT_DATA": "INSUFFICIENT_DATA"}
MAX_REASON_LENGTH = 200


@dataclass(eq=False, repr=False)
class CloudWatchAlarms:
    """`client` opens a boto3 client for a service, an environment and a region; empty means the environment's own.

    Several threads ask for alarms. A boto3 session is not safe for threads, but a client is: each is opened once.
    """

    client: Callable[..., Any]
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, init=False)

    def check_alarms(self, environment: str, region: str, names: Sequence[str]) -> tuple[AlarmStatus, ...]:
        from botocore.exceptions import BotoCoreError, ClientError

        wanted = list(dict.fromkeys(names))
        try:
            client = self._find_client(environment, region)
            found = {
                status.name: status
                for start in range(0, len(wanted), PAGE_SIZE)
                for status in _fetch_statuses(client, wanted[start : start + PAGE_SIZE])
            }
        except (BotoCoreError, ClientError) as error:
            failure = explain_failure(error, "cloudwatch:DescribeAlarms")
            message = f"the alarms of {environment} can't be read: {failure.reason}"
            raise OperationFailedError(Problem("E334", message, failure.hint)) from error
        return tuple(found.get(name, AlarmStatus(name, "absent")) for name in names)

    def _find_client(self, environment: str, region: str) -> Any:  # noqa: ANN401 (boto3's own)
        with self._lock:
            if (environment, region) not in self._clients:
                self._clients[environment, region] = self.client("cloudwatch", environment, region=region)
            return self._clients[environment, region]


def _fetch_statuses(client: Any, names: Sequence[str]) -> Iterator[AlarmStatus]:  # noqa: ANN401
    request: dict[str, Any] = {
        "AlarmNames": list(names),
        # By default, composite alarms are left out.
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
        "MaxRecords": PAGE_SIZE,
    }
    for _ in range(MAX_PAGES):
        answer = client.describe_alarms(**request)
        for each in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
            # An unknown state is not to be relied on.
            state = ALARM_STATES.get(str(each.get("StateValue")), "INSUFFICIENT_DATA")
            reason = str(each.get("StateReason", "")).strip().partition("\n")[0][:MAX_REASON_LENGTH]
            yield AlarmStatus(str(each["AlarmName"]), state, reason)
        if not answer.get("NextToken"):
            return
        request["NextToken"] = answer["NextToken"]
