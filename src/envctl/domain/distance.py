"""How far the releases of two environments are apart, read from the older one to the newer one."""

from collections.abc import Iterable
from dataclasses import dataclass

from envctl.domain.present import KnownRelease, Present, lag
from envctl.domain.release_changes import ReleaseChanges


@dataclass(frozen=True)
class Distance:
    """`older` and `newer` are the environments. `releases` were made after the older release, up to the newer one,
    newest first; by `behind` of them the older environment lags, as `envctl status` counts it where one follows the
    other. `changes` are None where one of the bundles can't be read.
    """

    older: str
    newer: str
    behind: int
    releases: tuple[KnownRelease, ...]
    changes: ReleaseChanges | None = None


def made_between(present: Present, older: str, newer: str, made_for: Iterable[str] = ("",)) -> tuple[KnownRelease, ...]:
    """Of those that were made for the pipeline, or for these environments beside it. A release that the ledger does not
    know is newer than all that it knows.
    """
    wanted = frozenset(made_for)
    after, until = present.releases.get(older), present.releases.get(newer)
    first = after.seq if after else present.seq
    last = until.seq if until else present.seq
    found = [
        each for each in present.releases.values() if first < each.seq <= last and wanted.intersection(each.made_for)
    ]
    return tuple(sorted(found, key=lambda each: each.seq, reverse=True))


def in_order(present: Present, first: str, second: str) -> bool:
    """Whether the second release is the newer one."""
    one, other = present.releases.get(first), present.releases.get(second)
    return one is not None and (other is None or one.seq < other.seq)


def releases_behind(order: tuple[str, ...], present: Present, older: str, newer: str, made: int) -> int:
    """How many releases the environment with the older one lags behind, of those that were made since."""
    place = order.index(older) if older in order else 0
    counted = lag(order, present, older) if place and order[place - 1] == newer else None
    return counted or made
