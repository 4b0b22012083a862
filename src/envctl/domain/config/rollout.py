"""The table `[stacks.NAME.rollout]`: steps of traffic to a new release, and reasons to abort."""

from typing import Annotated

from pydantic import AfterValidator, Field, Strict

from envctl.domain.config.fields import Duration, Name, Section, check_template
from envctl.domain.operation import Operation
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.text.durations import format_duration
from envctl.domain.text.lists import join_names

ALARM, CHECK, OUTPUT = "alarm:", "check:", "output:"
AT_ONCE = (100,)


def _check_watched(text: str) -> str:
    if text.startswith(CHECK) and text != CHECK:
        return text
    if not text.startswith(ALARM) or text == ALARM:
        raise ValueError('must be "alarm:NAME", "alarm:output:STACK.OUTPUT" or "check:NAME"')
    name = text.removeprefix(ALARM)
    if name.startswith(OUTPUT):
        OutputReference.parse(name.removeprefix(OUTPUT))
    else:
        check_template(name)
    return text


Percent = Annotated[int, Strict(), Field(ge=1)]
Watched = Annotated[str, AfterValidator(_check_watched)]


class Rollout(Section):
    """Steps of traffic to a new release of the stack."""

    steps: Annotated[tuple[Percent, ...], Field(min_length=1)]  # traffic of the new release after each step, in percent
    wait: Duration  # time after each step
    # `alarm:NAME`, `alarm:output:STACK.OUTPUT` or `check:NAME` that stop the rollout
    abort_on: tuple[Watched, ...] = ()
    artifact: Name | None = None  # artifact of the rollout; unset: the only one of the stack

    @property
    def abort_checks(self) -> tuple[str, ...]:
        """Names of the checks able to abort it."""
        return tuple(each.removeprefix(CHECK) for each in self.abort_on if each.startswith(CHECK))

    @property
    def abort_alarms(self) -> tuple[str, ...]:
        """Alarms able to abort it: name templates, and output references behind `output:`."""
        return tuple(each.removeprefix(ALARM) for each in self.abort_on if each.startswith(ALARM))


def describe_rollout(rollout: Rollout, action: Operation) -> str:
    """Describe the rollout before it starts."""
    if action == "rollback":
        return "send all requests to its other color at once, and drop the old one"
    shares = join_names([f"{percent} %" for percent in rollout.steps])
    watched = f", monitoring {join_names(rollout.abort_on)}" if rollout.abort_on else ""
    each = "each time " if len(rollout.steps) > 1 else ""
    return f"send {shares} of the requests to its other color, {each}wait for {format_duration(rollout.wait)}{watched}"
