"""Alarms of CloudWatch, as far as a rollout looks at them: what each says, and whether that is a reason to go back."""

from dataclasses import dataclass
from typing import Literal

AlarmState = Literal["OK", "ALARM", "INSUFFICIENT_DATA", "absent"]


@dataclass(frozen=True)
class SeenAlarm:
    """`reason` is what AWS says of the state that it is in."""

    name: str
    state: AlarmState
    reason: str = ""

    @property
    def rings(self) -> bool:
        return self.state == "ALARM"

    @property
    def absent(self) -> bool:
        return self.state == "absent"

    @property
    def mute(self) -> bool:
        """Whether it has nothing to say: of that nobody knows whether it is good, and it is no reason to go back."""
        return self.state == "INSUFFICIENT_DATA"
