"""CloudWatch alarms of a rollout: their state, and its meaning."""

from dataclasses import dataclass
from typing import Literal

AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA", "absent"]


@dataclass(frozen=True)
class AlarmStatus:
    """The state of an alarm. `reason` is the explanation of AWS."""

    name: str
    state: AlarmState
    reason: str = ""

    @property
    def is_ringing(self) -> bool:
        return self.state == "ALARM"

    @property
    def is_absent(self) -> bool:
        return self.state == "absent"

    @property
    def has_no_data(self) -> bool:
        """True without data: its health is unknown, and it is no reason to abort."""
        return self.state == "INSUFFICIENT_DATA"
