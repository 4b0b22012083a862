"""Somebody asks that the recorded rules shall count no longer: it takes a week, and can be withdrawn."""

from collections.abc import Callable
from datetime import timedelta

from tests.usecases.commands import PLAINLY, How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.people import BOB, CAT, DAN, EVE
from tests.usecases.laws.temptations.rule_changes import LESS, MORE
from tests.usecases.laws.temptations.temptations import Temptation, tries_prod

HOUR = timedelta(hours=1)
DELAY = timedelta(days=7)


def reset(wait: timedelta, meanwhile: Callable[[Actors], object] = lambda _: None) -> Temptation:
    """Prod is asked for nothing any more, and its rules are reset; the release goes there after a while."""

    def tries(actors: Actors, how: How) -> None:
        actors.by_the_book()
        with actors.with_rules("prod", LESS["no gate"]):
            actors.resets_rules()
            meanwhile(actors)
            actors.passes(wait)
            release = actors.proves()
            actors.soaks()
            tries_prod(actors, how, release)

    return tries


def _withdrawn(actors: Actors) -> None:
    actors.withdraws_reset(How(BOB))


def _asked_again_late(actors: Actors) -> None:
    """The one that is withdrawn had been asked for long before the one that counts."""
    actors.passes(timedelta(days=6))
    actors.withdraws_reset(How(EVE))
    actors.resets_rules()


def _deployed_meanwhile(actors: Actors, how: How) -> None:
    """The reset was of the rules of before. Those that were deployed since count."""
    actors.by_the_book()
    actors.resets_rules()
    with actors.with_rules("prod", MORE["a gate more"]):
        actors.by_the_book()
    actors.passes(timedelta(days=8))
    release = actors.proves()
    actors.soaks()
    for gate, person in (("peer", BOB), ("business", CAT), ("business", DAN)):
        actors.approves(gate, How(person), release=release)
    tries_prod(actors, how, release)


def _withdrawn_by_who_may_not(actors: Actors, _: How) -> None:
    """The business alone approves, in a role: EVE asks, and another person who is in none withdraws."""
    with actors.with_rules("prod", MORE["the business alone, in a role"]):
        actors.by_the_book()
        actors.resets_rules()
        actors.withdraws_reset(How(BOB))
        actors.withdraws_reset(How(BOB, name="claimed"))
        actors.withdraws_reset(How(BOB, name="an answer of one's own"))


def _of_staging(actors: Actors, how: How) -> None:
    with actors.with_rules("staging", MORE["the gates of prod"]):
        actors.proves()
        with actors.with_rules("staging", LESS["no gate"]):
            actors.resets_rules(of="staging")
            actors.passes(DELAY - 2 * HOUR)
            actors.fresh += 1
            actors.edits_code(f"before the reset counts {actors.fresh}")
            if done := actors.applies("dev", PLAINLY):
                actors.promotes("dev", "staging", how, release=done.release)


OF_RESETS: dict[str, Temptation] = {
    "a reset counts at once": reset(timedelta()),
    "a reset counts a day early": reset(timedelta(days=5) - HOUR),
    "a reset was withdrawn": reset(timedelta(days=8), _withdrawn),
    "a reset was asked for again": reset(timedelta(days=2), _asked_again_late),
    "a reset was of the rules of before": _deployed_meanwhile,
    "who may not withdraws a reset": _withdrawn_by_who_may_not,
    "a reset of staging counts early": _of_staging,
}
