"""Deployments in the ledger, newest first, each with its end and its verification."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Literal

from envctl.domain.ledger import events
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.projection.apply_entries import close_deployment, to_deployment
from envctl.domain.ledger.signers import UNSIGNED, Signer, describe_signer
from envctl.domain.ledger.state import Deployment, LedgerState
from envctl.domain.ledger.vouching import explain_doubt
from envctl.domain.ledger.waiver_events import WaiverReviewed
from envctl.usecases.ledger import journal, rules_store
from envctl.usecases.ports.core import Ports

MAX_ENTRIES_READ = 2000
VerificationResult = events.VerificationPassed | events.VerificationFailed


@dataclass(frozen=True, kw_only=True)
class TimelineEntry:
    """A deployment with its verification."""

    environment: str
    deployment: Deployment
    plan: str = ""  # fingerprint of its plan
    verified: Literal["", "passed", "failed"] = ""  # result of its last verification; empty without one
    rules: tuple[str, ...] = ()  # differences from the rules before
    reviewed_by: events.Actor | None = None  # who reviewed the waiver that it was done under
    signer: Signer = UNSIGNED  # of its start


@dataclass(frozen=True)
class Timeline:
    """The newest deployments."""

    deployments: tuple[TimelineEntry, ...] = ()
    since: int = 1  # number of the oldest entry read
    more: bool = False  # older deployments exist, or may exist


@dataclass
class _LaterEvents:
    """Events of deployments with a start not yet reached on the way back."""

    ends: dict[int, Entry] = field(default_factory=dict)
    checks: dict[int, VerificationResult] = field(default_factory=dict)
    waivers: dict[int, int] = field(default_factory=dict)
    reviews: dict[int, events.Actor] = field(default_factory=dict)


def load_timeline(ports: Ports, present: LedgerState, most: int, through: int = MAX_ENTRIES_READ) -> Timeline:
    """Return the newest deployments of that state, from at most `through` entries."""
    entries = journal.read_newest_first(ports, present)
    found: list[TimelineEntry] = []
    seen, since, trust, more = _LaterEvents(), present.seq + 1, ports.trust, False
    for entry in islice(entries, through):
        happened = None if (doubt := explain_doubt(trust, present, entry)) else _visit_entry(seen, entry)
        if more := happened is not None and len(found) == most:
            break
        since = entry.seq
        found += [replace(happened, signer=describe_signer(trust, entry, doubt))] if happened else []
    owed = {debt.waiver for here in present.environments.values() for debt in here.debts}
    # A review of a person who took part in the use counts for nothing.
    found = [replace(each, reviewed_by=None) if each.deployment.waiver in owed else each for each in found]
    pairs = [(each.deployment.rules_before, each.deployment.rules) for each in found]
    changes = rules_store.list_rule_changes(ports, pairs)
    happenings = (replace(each, rules=changes.get(pair, ())) for each, pair in zip(found, pairs, strict=True))
    return Timeline(tuple(happenings), since, more=more or since > 1)


def list_last_attempts(happened: tuple[TimelineEntry, ...]) -> Iterator[tuple[tuple[str, str], Deployment]]:
    """Yield the last deployment of each release in each environment, as pairs for a dict."""
    for each in reversed(happened):
        if each.deployment.action != "destroy":
            yield (each.environment, each.deployment.release), each.deployment


def _visit_entry(seen: _LaterEvents, entry: Entry) -> TimelineEntry | None:
    event = entry.event
    match event:
        case events.DeploymentSucceeded() | events.DeploymentFailed() | events.DeploymentAbandoned():
            # Only the first end counts: it is the last one reached.
            seen.ends[event.started] = entry
        case events.VerificationPassed() | events.VerificationFailed():
            seen.checks.setdefault(event.started, event)
        case events.DeploymentStarted():
            return _build_deployment(entry, event, seen)
        case events.WaiverUsed() if event.started:
            # A waiver used during the deployment.
            seen.waivers[event.started] = entry.seq
        case WaiverReviewed():
            seen.reviews[event.waiver] = entry.actor
    return None


def _build_deployment(entry: Entry, event: events.DeploymentStarted, seen: _LaterEvents) -> TimelineEntry:
    ending, check = seen.ends.get(entry.seq), seen.checks.get(entry.seq)
    deployment = to_deployment(entry, event)
    deployment = replace(deployment, waiver=seen.waivers.get(entry.seq, deployment.waiver))
    if ending is not None and isinstance(ending.event, events.Ending):
        deployment = close_deployment(deployment, ending.event, ending.at)
    verified: Literal["", "passed", "failed"] = ""
    if check is not None:
        verified = "passed" if isinstance(check, events.VerificationPassed) else "failed"
    reviewed_by = seen.reviews.get(deployment.waiver)
    return TimelineEntry(
        environment=event.environment,
        deployment=deployment,
        plan=event.plan,
        verified=verified,
        reviewed_by=reviewed_by,
    )
