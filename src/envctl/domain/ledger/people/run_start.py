"""Who acts by a run of CI beside its actor: people, a schedule, and bots."""

from collections.abc import Iterable
from dataclasses import dataclass

from envctl.domain.ledger.events import Actor

SCHEDULE = "schedule"
"""What a rule names to let schedules change an environment."""


@dataclass(frozen=True, kw_only=True)
class RunStart:
    """What started the run."""

    schedule: str = ""  # name of the schedule as the actor, if one started the run: it is no person
    # What acts without a person, as a rule names it: `schedule`, and bots that asked for the run, like `github:x[bot]`
    machines: tuple[str, ...] = ()
    people: tuple[Actor, ...] = ()  # beside the actor: authors of a push, and who ran it again


NO_START = RunStart()


def list_unnamed_machines(start: RunStart, patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the machines that no pattern names exactly."""
    named = {each.casefold() for each in patterns}
    return tuple(each for each in start.machines if each.casefold() not in named)
