"""The table `[stacks.NAME.rollout]`: in which steps the requests go over to a new release, and what stops it."""

from typing import Annotated

from pydantic import AfterValidator, Field, Strict

from envctl.domain.config.fields import Duration, Name, Section, template
from envctl.domain.operation import Move
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.text.durations import spelt
from envctl.domain.text.lists import listed

ALARM, CHECK, OUTPUT = "alarm:", "check:", "output:"
AT_ONCE = (100,)


def _watched(text: str) -> str:
    if text.startswith(CHECK) and text != CHECK:
        return text
    if not text.startswith(ALARM) or text == ALARM:
        raise ValueError('must be "alarm:NAME", "alarm:output:STACK.OUTPUT" or "check:NAME"')
    name = text.removeprefix(ALARM)
    if name.startswith(OUTPUT):
        Reference.parse(name.removeprefix(OUTPUT))
    else:
        template(name)
    return text


Percent = Annotated[int, Strict(), Field(ge=1)]
Watched = Annotated[str, AfterValidator(_watched)]


class Rollout(Section):
    """`steps` are the shares of the requests, in percent, that the new release gets one after the other, and `wait` is
    how long each is watched. `artifact` is the one whose new value is rolled out; without a name it is the only one
    that the stack takes.
    """

    steps: Annotated[tuple[Percent, ...], Field(min_length=1)]
    wait: Duration
    abort_on: tuple[Watched, ...] = ()
    artifact: Name | None = None

    @property
    def checks(self) -> tuple[str, ...]:
        """The names of the checks that stop it."""
        return tuple(each.removeprefix(CHECK) for each in self.abort_on if each.startswith(CHECK))

    @property
    def alarms(self) -> tuple[str, ...]:
        """The alarms that stop it: templates of names, and references to outputs behind `output:`."""
        return tuple(each.removeprefix(ALARM) for each in self.abort_on if each.startswith(ALARM))


def steps_of(rollout: Rollout, action: Move) -> tuple[int, ...]:
    """A rollback is for a bad day: what ran well before gets all requests at once."""
    return AT_ONCE if action == "rollback" else rollout.steps


def explained(rollout: Rollout, action: Move) -> str:
    """What a rollout does, for who asks beforehand."""
    if action == "rollback":
        return "send all requests to its other colour at once, and give the old one up"
    shares = listed([f"{percent} %" for percent in rollout.steps])
    watched = f", looking at {listed(rollout.abort_on)}" if rollout.abort_on else ""
    each = "each time " if len(rollout.steps) > 1 else ""
    return f"send {shares} of the requests to its other colour, {each}wait for {spelt(rollout.wait)}{watched}"
