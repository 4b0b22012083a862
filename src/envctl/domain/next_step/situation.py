"""What is known of an environment, and the change that it needs next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from envctl.domain.config.project import Pipeline
from envctl.domain.ledger.state import EnvironmentState, LedgerState

GoalKind = Literal["apply", "promote", "rollback", "destroy", "fix drift"]


@dataclass(frozen=True)
class NextStep:
    """The next step of an environment."""

    command: str = ""  # what to type; empty if nothing can be typed now
    reason: str = ""  # why, or what stands in the way; empty if there is nothing to do
    who: str = ""  # the people who can do it; empty for any person
    hint: str = ""  # what to do in words, where no command can be typed now
    opens: datetime | None = None  # the time from which on it can go on; None if time alone does not help

    @property
    def advice(self) -> str:
        """The command, or what to do in words."""
        return self.command or self.hint


@dataclass(frozen=True, kw_only=True)
class Situation:
    """The facts about one environment."""

    environment: str
    pipeline: Pipeline
    present: LedgerState
    lag: int | None = None  # the number of releases behind the environment before it; None if not comparable
    running: str = ""  # the command at work in it on this machine; empty if there is none
    unsaved: bool = False  # true if a state was not saved after an apply
    changed: Literal["", "code", "settings"] = ""  # the kind of edits since the deployment of what runs here
    leaving: tuple[str, ...] = ()  # its stacks missing from the running release

    @property
    def here(self) -> EnvironmentState:
        return self.present.find_environment(self.environment)

    @property
    def before(self) -> str | None:
        """The environment right before it; None for the entry."""
        return self.pipeline.find_previous(self.environment)

    @property
    def source(self) -> EnvironmentState:
        """The state of the environment right before it."""
        return self.present.find_environment(self.before or "")


@dataclass(frozen=True)
class Goal:
    """The change that an environment needs next. Guards decide what comes before it."""

    kind: GoalKind
    reason: str
    release: str = ""  # the release to deploy, if it is not the one that the command takes by itself


def find_goal(facts: Situation) -> Goal | None:
    """Return the change that the environment needs next; None if it needs none."""
    here = facts.here
    if here.whole and here.drifted:
        return Goal("fix drift", f"{facts.environment} has drifted")
    incoming = _find_incoming(facts)
    if incoming is not None:
        return incoming
    if not here.whole:
        return _find_rest(facts)
    if here.current_evidence and here.current_evidence.deployment.unpinned:
        return Goal("apply", "it was deployed with other providers than its release pins")
    if facts.changed == "code":
        return Goal("apply", "the working tree changed since it was deployed")
    if facts.changed == "settings":
        return Goal("apply", "its settings changed since it was deployed")
    if facts.leaving:
        stacks = " and ".join(facts.leaving)
        return Goal("apply", f"it still holds {stacks}, which its release no longer has")
    return None


def _find_incoming(facts: Situation) -> Goal | None:
    """Return the promotion of a release that the environment does not have yet."""
    source = facts.source
    if not facts.lag or not source.whole or source.current is None:
        return None
    count = "1 release" if facts.lag == 1 else f"{facts.lag} releases"
    return Goal("promote", f"{facts.environment} is {count} behind {facts.before}")


def _find_rest(facts: Situation) -> Goal | None:
    """Return the deployment that completes the last one, or the first deployment of the entry."""
    here, last = facts.here, facts.here.last
    if last is not None and last.action == "destroy" and last.outcome != "succeeded":
        return Goal("destroy", "its destruction is not complete")
    if facts.before is None and (last is None or last.action != "rollback"):
        destroyed = last is not None and last.action == "destroy"
        reason = "the first deployment" if last is None else "nothing runs there" if destroyed else _UNFINISHED
        return Goal("apply", reason)
    if last is None or (here.current is None and last.action == "destroy"):
        return None
    if last.action == "rollback" and last.outcome != "succeeded":
        return Goal("rollback", _UNFINISHED, last.release)
    if last.action == "promote" and not (here.current and here.current.release == last.release):
        return Goal("promote", _UNFINISHED, last.release)
    return Goal("apply", _UNFINISHED)


_UNFINISHED = "its last deployment is not complete"
