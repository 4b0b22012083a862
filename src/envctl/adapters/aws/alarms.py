"""The Alarms port: what alarms of CloudWatch say, asked by boto3. Metric alarms and composite ones alike."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from envctl.adapters.aws.secret_failures import cause
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.rollout.alarms import AlarmState, SeenAlarm

# As many as one question may name.
PAGE, PAGES = 100, 20
STATES: Mapping[str, AlarmState] = {"OK": "OK", "ALARM": "ALARM", "INSUFFICIENT_DATA": "INSUFFICIENT_DATA"}
LONGEST = 200


class CloudWatchAlarms:
    """`client` gives a client of boto3: for a service, an environment, and a region where it is not that one's own.

    It is asked from several threads, and a session of boto3 makes one client at a time; a client serves all of them.
    """

    def __init__(self, client: Callable[..., Any]) -> None:
        self._client = client
        self._making = threading.Lock()
        self._made: dict[tuple[str, str], Any] = {}

    def look(self, environment: str, region: str, names: Sequence[str]) -> tuple[SeenAlarm, ...]:
        from botocore.exceptions import BotoCoreError, ClientError

        wanted = list(dict.fromkeys(names))
        try:
            client = self._of(environment, region)
            found = {
                seen.name: seen
                for start in range(0, len(wanted), PAGE)
                for seen in _asked(client, wanted[start : start + PAGE])
            }
        except (BotoCoreError, ClientError) as error:
            why = cause(error, "cloudwatch:DescribeAlarms")
            message = f"the alarms of {environment} can't be asked: {why.reason}"
            raise OperationFailedError(Problem("E334", message, why.hint)) from error
        return tuple(found.get(name, SeenAlarm(name, "absent")) for name in names)

    def _of(self, environment: str, region: str) -> Any:  # noqa: ANN401 (boto3's own)
        with self._making:
            if (environment, region) not in self._made:
                self._made[environment, region] = self._client("cloudwatch", environment, region=region)
            return self._made[environment, region]


def _asked(client: Any, names: Sequence[str]) -> Iterator[SeenAlarm]:  # noqa: ANN401
    asked: dict[str, Any] = {
        "AlarmNames": list(names),
        # Without that, composite alarms are left out.
        "AlarmTypes": ["MetricAlarm", "CompositeAlarm"],
        "MaxRecords": PAGE,
    }
    for _ in range(PAGES):
        answer = client.describe_alarms(**asked)
        for each in (*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())):
            # A state that is not known is none to rely on.
            state = STATES.get(str(each.get("StateValue")), "INSUFFICIENT_DATA")
            yield SeenAlarm(str(each["AlarmName"]), state, _first_line(str(each.get("StateReason", ""))))
        if not answer.get("NextToken"):
            return
        asked["NextToken"] = answer["NextToken"]


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:LONGEST]
