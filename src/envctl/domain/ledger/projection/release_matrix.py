"""Releases by environment: the standing of each release in each environment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import Deployment, EnvironmentState, Hold, LedgerState

# *left*: it ran once, but not now. *unknown*: its deployments may be older than the entries read.
Standing = Literal["runs", "left", "partial", "unfinished", "failed", "interrupted", "abandoned", "never", "unknown"]


@dataclass(frozen=True)
class Stay:
    """One release in one environment."""

    standing: Standing
    at: datetime | None = None  # End of its last deployment there, or its start while it is unfinished
    verified_at: datetime | None = None
    revoked: str = ""  # Reason for the loss of its verification, if any
    hold: Hold | None = None


@dataclass(frozen=True)
class ReleaseRow:
    release: KnownRelease
    stays: Mapping[str, Stay]


def build_release_matrix(
    present: LedgerState, order: Iterable[str], tried: Mapping[tuple[str, str], Deployment], since: int, most: int
) -> tuple[ReleaseRow, ...]:
    """Return the `most` newest releases of the pipeline, and older ones still relevant somewhere. `tried` holds the
    last deployment by (environment, release), from the entries since number `since`.
    """
    releases = (known for known in present.releases.values() if "" in known.made_for)
    newest = sorted(releases, key=lambda known: known.seq, reverse=True)
    states = {environment: present.find_environment(environment) for environment in order}
    kept: set[str] = set()
    for here in states.values():
        kept.update(here.holds, (debt.release for debt in here.debts))
        kept.update(each.release for each in (here.current, here.last) if each)
    rows = []
    for place, known in enumerate(newest):
        if place < most or known.release in kept:
            last = {name: tried.get((name, known.release)) for name in states}
            stays = {name: find_stay(here, known, last[name], since) for name, here in states.items()}
            rows.append(ReleaseRow(known, stays))
    return tuple(rows)


def find_stay(here: EnvironmentState, known: KnownRelease, tried: Deployment | None, since: int) -> Stay:
    """Return the standing of a release in an environment. `tried` is its last deployment since the entry `since`."""
    release = known.release
    hold, proof = here.holds.get(release), here.evidence.get(release)
    last = here.last if here.last and here.last.release == release else tried
    if last and last.outcome != "succeeded":
        return Stay(last.outcome, last.ended_at or last.started_at, hold=hold)
    runs = here.current is not None and here.current.release == release
    if proof is not None:
        at = proof.deployment.ended_at or proof.deployment.started_at
        return Stay("runs" if runs else "left", at, proof.verified_at, proof.revoked, hold)
    if last is not None:
        return Stay("left", last.ended_at or last.started_at, hold=hold)
    # A release is created before it is deployed: the entries read cover all deployments of a newer one.
    return Stay("never" if known.seq >= since else "unknown", hold=hold)
