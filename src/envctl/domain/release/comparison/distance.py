"""The distance between the releases of two environments, from the older release to the newer one."""

from collections.abc import Iterable
from dataclasses import dataclass

from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.comparison.changes import ReleaseChanges


@dataclass(frozen=True)
class Distance:
    """The distance between two environments. `releases` are those after the older release, newest first."""

    older: str  # environment
    newer: str  # environment
    behind: int  # releases; as in `envctl status` for neighbors in the pipeline
    releases: tuple[KnownRelease, ...]
    changes: ReleaseChanges | None = None  # None if a bundle is unreadable


def measure_lag(order: tuple[str, ...], present: LedgerState, environment: str) -> int | None:
    """Return how many releases the previous environment has fully deployed since the one here.

    None for the entry, or if the previous environment has no deployment.
    """
    position = order.index(environment)
    if position == 0:
        return None
    source, here = present.find_environment(order[position - 1]), present.find_environment(environment).current
    if source.current is None:
        return None
    rank = sorted((proof.deployment for proof in source.evidence.values()), key=lambda deployment: deployment.seq)
    passed = source.evidence.get(here.release) if here else None
    if here and here.release == source.current.release:
        return 0
    return len([proof for proof in rank if passed is None or proof.seq > passed.deployment.seq])


def list_releases_between(
    present: LedgerState, older: str, newer: str, made_for: Iterable[str] = ("",)
) -> tuple[KnownRelease, ...]:
    """Return the releases after `older` up to `newer`, newest first.

    `made_for` selects those made for the pipeline (`""`) or for environments beside it. Releases unknown to the ledger
    count as newest.
    """
    wanted = frozenset(made_for)
    after, until = present.releases.get(older), present.releases.get(newer)
    first = after.seq if after else present.seq
    last = until.seq if until else present.seq
    between = (each for each in present.releases.values() if first < each.seq <= last)
    found = [each for each in between if wanted.intersection(each.made_for)]
    return tuple(sorted(found, key=lambda each: each.seq, reverse=True))


def is_older_release(present: LedgerState, first: str, second: str) -> bool:
    """Check that the first release is older than the second one."""
    one, other = present.releases.get(first), present.releases.get(second)
    return one is not None and (other is None or one.seq < other.seq)


def count_releases_behind(order: tuple[str, ...], present: LedgerState, older: str, newer: str, made: int) -> int:
    """Return how many releases the older environment lags behind; `made` counts all releases between."""
    place = order.index(older) if older in order else 0
    counted = measure_lag(order, present, older) if place and order[place - 1] == newer else None
    return counted or made
