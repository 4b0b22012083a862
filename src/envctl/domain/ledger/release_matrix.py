"""Releases and where they are: what became of each release in each environment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from envctl.domain.ledger.state import Deployment, EnvironmentPresent, Hold, KnownRelease, Present

# *left* ran once and does not now; *unknown* is what became of it before the entries that were looked through.
Standing = Literal["runs", "left", "partial", "unfinished", "failed", "interrupted", "abandoned", "never", "unknown"]


@dataclass(frozen=True)
class Stay:
    """One release in one environment. `at` is when its last deployment there ended, or began where it did not end.

    `revoked` says what took its proof away, if anything did.
    """

    standing: Standing
    at: datetime | None = None
    verified_at: datetime | None = None
    revoked: str = ""
    hold: Hold | None = None


@dataclass(frozen=True)
class ReleaseRow:
    release: KnownRelease
    stays: Mapping[str, Stay]


def whereabouts(
    present: Present, order: Iterable[str], tried: Mapping[tuple[str, str], Deployment], since: int, most: int
) -> tuple[ReleaseRow, ...]:
    """The newest releases of the pipeline, and every older one that still matters somewhere.

    `tried` holds the last deployment of each release by (environment, release), as far as entries were looked through:
    back to number `since`.
    """
    environments = tuple(order)
    releases = (known for known in present.releases.values() if "" in known.made_for)
    newest = sorted(releases, key=lambda known: known.seq, reverse=True)
    kept = {name for environment in environments for name in _mattering(present.of(environment))}
    shown = [known for place, known in enumerate(newest) if place < most or known.release in kept]
    return tuple(
        ReleaseRow(
            known,
            {each: _stay(present.of(each), known, tried.get((each, known.release)), since) for each in environments},
        )
        for known in shown
    )


def _mattering(here: EnvironmentPresent) -> set[str]:
    deployments = (here.current, here.last)
    return {*here.holds, *(debt.release for debt in here.debts), *(each.release for each in deployments if each)}


def _stay(here: EnvironmentPresent, known: KnownRelease, tried: Deployment | None, since: int) -> Stay:
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
    # A release is made before it is deployed: what was looked through tells of all that became of a newer one.
    return Stay("never" if known.seq >= since else "unknown", hold=hold)
