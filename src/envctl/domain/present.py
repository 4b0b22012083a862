"""The present as a pure fold of the ledger: what each environment runs, what is proven there, who approved what."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, assert_never

from envctl.domain.ledger import (
    GENESIS,
    Actor,
    ApprovalGiven,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Entry,
    ReleaseCreated,
    digest,
    encode,
)

Outcome = Literal["unfinished", "succeeded", "failed", "interrupted", "abandoned"]


@dataclass(frozen=True)
class KnownRelease:
    release: str
    seq: int
    at: datetime
    by: Actor
    commit: str
    uncommitted: bool
    author: str


@dataclass(frozen=True)
class Deployment:
    """`seq` is the number of its *started* entry, and its name within the ledger."""

    seq: int
    release: str
    settings: str
    action: Literal["apply", "promote"]
    source: str
    by: Actor
    started_at: datetime
    outcome: Outcome = "unfinished"
    ended_at: datetime | None = None
    changed: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Approval:
    gate: str
    release: str
    settings: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class EnvironmentPresent:
    """`current` is the last deployment that succeeded, `last` the last one of all.

    `proven` holds, for each release whose latest deployment here succeeded, that deployment: a later failure of the
    same release takes the proof away. `stacks` are those that were ever applied to their end.
    """

    current: Deployment | None = None
    last: Deployment | None = None
    proven: Mapping[str, Deployment] = field(default_factory=dict)
    approvals: tuple[Approval, ...] = ()
    stacks: frozenset[str] = frozenset()

    @property
    def unfinished(self) -> Deployment | None:
        return self.last if self.last and self.last.outcome == "unfinished" else None

    @property
    def whole(self) -> bool:
        """Whether what runs is one release, applied to its end."""
        return self.last is not None and self.last.outcome == "succeeded"


NOTHING = EnvironmentPresent()


@dataclass(frozen=True)
class Present:
    """`seq` and `head` are the number of the last entry and the SHA-256 of its bytes."""

    seq: int = 0
    head: str = GENESIS
    releases: Mapping[str, KnownRelease] = field(default_factory=dict)
    environments: Mapping[str, EnvironmentPresent] = field(default_factory=dict)

    def of(self, environment: str) -> EnvironmentPresent:
        return self.environments.get(environment, NOTHING)


def fold(entries: Iterable[Entry], start: Present | None = None) -> Present:
    """The present after these entries. They must follow `start`, which is the empty ledger by default."""
    present = start or Present()
    for entry in entries:
        present = follow(present, entry)
    return present


def follow(present: Present, entry: Entry) -> Present:
    """The present after one more entry."""
    event = entry.event
    releases, environments = present.releases, present.environments
    if isinstance(event, ReleaseCreated):
        if event.release not in releases:
            known = KnownRelease(
                event.release, entry.seq, entry.at, entry.actor, event.commit, event.uncommitted, event.author
            )
            releases = {**releases, event.release: known}
    else:
        there = present.of(event.environment)
        environments = {**environments, event.environment: _follow_in(there, entry, event)}
    return Present(entry.seq, digest(encode(entry)), releases, environments)


def _follow_in(
    there: EnvironmentPresent,
    entry: Entry,
    event: DeploymentStarted | DeploymentSucceeded | DeploymentFailed | DeploymentAbandoned | ApprovalGiven,
) -> EnvironmentPresent:
    match event:
        case DeploymentStarted():
            begun = Deployment(
                entry.seq, event.release, event.settings, event.action, event.source, entry.actor, entry.at
            )
            return replace(there, last=begun)
        case ApprovalGiven():
            approval = Approval(event.gate, event.release, event.settings, entry.actor, entry.at)
            return replace(there, approvals=(*there.approvals, approval))
        case DeploymentSucceeded() | DeploymentFailed() | DeploymentAbandoned():
            return _end(there, entry, event)
        case _:
            assert_never(event)


def _end(
    there: EnvironmentPresent, entry: Entry, event: DeploymentSucceeded | DeploymentFailed | DeploymentAbandoned
) -> EnvironmentPresent:
    begun = there.unfinished
    if begun is None or (begun.seq, begun.release) != (event.started, event.release):
        # An end that belongs to no open deployment says nothing about the present, least of all that it went well.
        return there
    if isinstance(event, DeploymentSucceeded):
        done = replace(begun, outcome="succeeded", ended_at=entry.at, changed=event.changed)
        return replace(
            there,
            current=done,
            last=done,
            proven={**there.proven, event.release: done},
            stacks=there.stacks | set(event.stacks),
        )
    outcome: Outcome = "abandoned"
    stacks = there.stacks
    if isinstance(event, DeploymentFailed):
        outcome = "interrupted" if event.interrupted else "failed"
        stacks |= set(event.stacks)
    ended = replace(begun, outcome=outcome, ended_at=entry.at, reason=event.reason)
    proven = {release: proof for release, proof in there.proven.items() if release != begun.release}
    return replace(there, last=ended, proven=proven, stacks=stacks)


def lag(order: tuple[str, ...], present: Present, environment: str) -> int | None:
    """How many releases the environment right before has proven since the one that runs here.

    None where there is nothing to compare: the entry, or nothing deployed before it.
    """
    position = order.index(environment)
    if position == 0:
        return None
    source, here = present.of(order[position - 1]), present.of(environment).current
    if source.current is None:
        return None
    rank = sorted(source.proven.values(), key=lambda deployment: deployment.seq)
    passed = source.proven.get(here.release) if here else None
    if here and here.release == source.current.release:
        return 0
    return len([proof for proof in rank if passed is None or proof.seq > passed.seq])
