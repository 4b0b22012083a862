"""Deployments as the ledger tells of them, newest first, each with how it ended and whether it was verified."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import dropwhile, islice
from typing import Literal

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import (
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Ending,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.projection.apply_entries import begin, end
from envctl.domain.ledger.state import Deployment, Present
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ports.core import Ports

LOOKED_THROUGH = 2000
Checked = VerificationPassed | VerificationFailed


@dataclass(frozen=True)
class Happened:
    """`verified` is what its last verification said; empty where there was none. `plan` is the fingerprint of what it
    set out to do. `rules` is what its rules say otherwise than those before them.
    """

    environment: str
    deployment: Deployment
    plan: str = ""
    verified: Literal["", "passed", "failed"] = ""
    rules: tuple[str, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """`since` is the number of the oldest entry that was looked through, and `more` says that there are older
    deployments, or may be.
    """

    deployments: tuple[Happened, ...] = ()
    since: int = 1
    more: bool = False


@dataclass
class _Seen:
    """What was met on the way back that belongs to a start which is yet to be met."""

    ends: dict[int, Entry] = field(default_factory=dict)
    checks: dict[int, Checked] = field(default_factory=dict)
    waivers: dict[int, int] = field(default_factory=dict)


def timeline(ports: Ports, present: Present, most: int, through: int = LOOKED_THROUGH) -> Timeline:
    """The newest deployments of that present, be there newer ones by now or not."""
    entries = dropwhile(lambda entry: entry.seq > present.seq, journal.newest_first(ports))
    found: list[Happened] = []
    seen, since, trust = _Seen(), present.seq + 1, ports.trust
    for entry in islice(entries, through):
        happened = None if trust.doubt(entry) else _follow(seen, entry)
        if happened is not None and len(found) == most:
            return Timeline(_with_rules(ports, found), since, more=True)
        since = entry.seq
        found += [happened] if happened else []
    return Timeline(_with_rules(ports, found), since, more=since > 1)


def _with_rules(ports: Ports, found: Sequence[Happened]) -> tuple[Happened, ...]:
    pairs = [(each.deployment.rules_before, each.deployment.rules) for each in found]
    changes = rules_store.list_changes(ports, pairs)
    return tuple(replace(each, rules=changes.get(pair, ())) for each, pair in zip(found, pairs, strict=True))


def tried(happened: tuple[Happened, ...]) -> Iterator[tuple[tuple[str, str], Deployment]]:
    """The last deployment of each release in each environment, as pairs that a dict is made of."""
    for each in reversed(happened):
        if each.deployment.action != "destroy":
            yield (each.environment, each.deployment.release), each.deployment


def _follow(seen: _Seen, entry: Entry) -> Happened | None:
    event = entry.event
    match event:
        case DeploymentSucceeded() | DeploymentFailed() | DeploymentAbandoned():
            # Only the first end counts, and that is the last one to be met.
            seen.ends[event.started] = entry
        case VerificationPassed() | VerificationFailed():
            seen.checks.setdefault(event.started, event)
        case DeploymentStarted():
            return _told(entry, event, seen)
        case WaiverUsed() if event.started:
            # It became necessary while the deployment was under way.
            seen.waivers[event.started] = entry.seq
    return None


def _told(entry: Entry, event: DeploymentStarted, seen: _Seen) -> Happened:
    ending, check = seen.ends.get(entry.seq), seen.checks.get(entry.seq)
    deployment = begin(entry, event)
    deployment = replace(deployment, waiver=seen.waivers.get(entry.seq, deployment.waiver))
    if ending is not None and isinstance(ending.event, Ending):
        deployment = end(deployment, ending.event, ending.at)
    verified: Literal["", "passed", "failed"] = ""
    if check is not None:
        verified = "passed" if isinstance(check, VerificationPassed) else "failed"
    return Happened(event.environment, deployment, event.plan, verified)
