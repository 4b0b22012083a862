"""CloudWatch alarms of a rollout: their state, and its meaning."""

from dataclasses import dataclass
from typing import Literal

AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA", "absent"]
"""Without data the health is unknown: it is no reason to abort."""


@dataclass(frozen=True)
class AlarmStatus:
    """The state of an alarm. `reason` is the explanation of AWS."""

    name: str
    state: AlarmState
    reason: str = ""
