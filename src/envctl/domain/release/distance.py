"""How far the releases of two environments are apart, read from the older one to the newer one."""

from collections.abc import Iterable
from dataclasses import dataclass

from envctl.domain.ledger.state import KnownRelease, Present
from envctl.domain.release.changes import ReleaseChanges


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


def lag(order: tuple[str, ...], present: Present, environment: str) -> int | None:
    """How many releases the environment right before has deployed whole since the one that runs here.

    None where there is nothing to compare: the entry, or nothing deployed before it.
    """
    position = order.index(environment)
    if position == 0:
        return None
    source, here = present.of(order[position - 1]), present.of(environment).current
    if source.current is None:
        return None
    rank = sorted((proof.deployment for proof in source.evidence.values()), key=lambda deployment: deployment.seq)
    passed = source.evidence.get(here.release) if here else None
    if here and here.release == source.current.release:
        return 0
    return len([proof for proof in rank if passed is None or proof.seq > passed.deployment.seq])


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
