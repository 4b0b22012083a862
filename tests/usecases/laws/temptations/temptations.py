"""Everything is as the book says, but for one thing: what is tried then must not come to pass."""

from collections.abc import Callable
from datetime import timedelta

from tests.usecases.commands import PLAINLY, How, more
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.editors import PLACES
from tests.usecases.laws.oracle import verdict
from tests.usecases.laws.people import ANN, BOB, CAT, DAN


def _ready_by_few(actors: Actors, *, author: str) -> str:
    """By no more people than the gates count, one of whom is the author."""
    release = actors.proves(author=author)
    actors.soaks()
    _few_approve(actors, release)
    return release


def _few_approve(actors: Actors, release: str) -> None:
    for gate, person in (("peer", BOB), ("business", CAT), ("business", DAN)):
        actors.approves(gate, How(person, unseen=("web",)), release=release)


def ready(actors: Actors, **proven: object) -> str:
    release = actors.proves(**proven)  # type: ignore[arg-type]
    actors.soaks()
    actors.all_approve(release)
    return release


def tries_prod(actors: Actors, how: How, release: str) -> None:
    actors.promotes("staging", "prod", how, release=release)


def _jumps(actors: Actors, how: How) -> None:
    actors.promotes("dev", "prod", how, release=ready(actors))


def _goes_backwards(actors: Actors, how: How) -> None:
    """Into dev, which has gone on meanwhile."""
    release = ready(actors)
    actors.edits_code(f"{release} and more")
    actors.applies("dev")
    actors.promotes("staging", "dev", how, release=release)


def _failed_to_redeploy(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.edits_settings("staging", 77)
    actors.shared.terraform.fails_on.add(("staging", "network"))
    actors.applies("staging")
    actors.shared.terraform.fails_on.clear()
    actors.edits_settings("staging", 20)
    tries_prod(actors, how, release)


def _is_being_redeployed(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.edits_settings("staging", 77)
    actors.shared.terraform.dies_on.add(("staging", "network"))
    actors.applies("staging")
    actors.shared.terraform.dies_on.clear()
    tries_prod(actors, how, release)


def _failed_in_dev(actors: Actors, how: How) -> None:
    actors.mends()
    actors.edits_code(f"fails {actors.fresh}")
    actors.shared.terraform.fails_on.add(("dev", "web"))
    actors.applies("dev")
    actors.shared.terraform.fails_on.clear()
    actors.promotes("dev", "staging", how)


def _failed_a_check(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.fails_a_check("staging")
    tries_prod(actors, how, release)


def _failed_a_check_in_dev(actors: Actors, how: How) -> None:
    release = actors.proves()
    actors.edits_code(f"{release} and more")
    actors.applies("dev")
    actors.fails_a_check("dev")
    actors.promotes("dev", "staging", how)


def _a_part_was_deployed(actors: Actors, how: How) -> None:
    actors.mends()
    actors.edits_code(f"a part {actors.fresh}")
    if done := actors.applies("dev", How(only=("web",))):
        actors.promotes("dev", "staging", how, release=done.release)


def _a_part_was_deployed_again(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.edits_settings("staging", 83)
    actors.applies("staging", How(only=("network",)))
    tries_prod(actors, how, release)


def _was_not_verified_again(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.edits_settings("staging", 78)
    actors.applies("staging", How(verify=False))
    tries_prod(actors, how, release)


def _failed_a_check_and_passed_it_again(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.fails_a_check("staging")
    actors.verifies("staging")
    tries_prod(actors, how, release)


def _is_too_fresh(actors: Actors, how: How) -> None:
    release = actors.proves()
    actors.waits_until_open()
    actors.verifies("staging")
    actors.all_approve(release)
    tries_prod(actors, how, release)


def _stayed_twice_for_half_of_the_time(actors: Actors, how: How) -> None:
    release = actors.proves()
    actors.passes(timedelta(hours=13))
    actors.edits_settings("staging", 79)
    actors.applies("staging")
    actors.passes(timedelta(hours=13))
    actors.waits_until_open()
    actors.all_approve(release)
    tries_prod(actors, how, release)


def _is_too_old(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.passes(timedelta(days=15))
    actors.waits_until_open()
    actors.all_approve(release)
    tries_prod(actors, how, release)


def _approval_was_withdrawn(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.withdraws("business", How(CAT), release=release)
    tries_prod(actors, how, release)


def _approvals_have_expired(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.passes(timedelta(hours=9))
    actors.waits_until_open()
    tries_prod(actors, how, release)


def _who_promotes_has_approved(actors: Actors, how: How) -> None:
    tries_prod(actors, How(CAT, how.break_glass), ready(actors))


def _the_author_has_approved(actors: Actors, how: How) -> None:
    tries_prod(actors, how, _ready_by_few(actors, author=DAN))


def _comes_with_another_release(actors: Actors, how: How) -> None:
    """That of DAN never came to prod, and the next one is ANN's."""
    actors.by_the_book()
    actors.proves(author=DAN)
    tries_prod(actors, how, _ready_by_few(actors, author=ANN))


def _is_taken_back(actors: Actors, how: How) -> None:
    """What DAN wrote runs in prod without an approval, and the next release is ANN's."""
    release = actors.proves(author=DAN)
    actors.soaks()
    tries_prod(actors, How(ANN, "prod is down"), release)
    tries_prod(actors, how, _ready_by_few(actors, author=ANN))


def _two_approve_for_each_other(actors: Actors, how: How) -> None:
    """DAN and CAT each wrote a part, and approve at the gate for two."""
    actors.by_the_book()
    actors.proves(author=CAT)
    tries_prod(actors, how, _ready_by_few(actors, author=DAN))


def _who_wrote_settings_has_approved(actors: Actors, how: How) -> None:
    actors.by_the_book()
    release = actors.proves()
    actors.writes_settings("prod", 3, DAN)
    actors.soaks()
    _few_approve(actors, release)
    tries_prod(actors, how, release)


def _the_same_person_twice(actors: Actors, how: How) -> None:
    release = actors.proves()
    actors.soaks()
    for gate in ("peer", "business", "business"):
        actors.approves(gate, How(BOB), release=release)
    actors.edits_settings("prod", 80)
    actors.approves("business", How(BOB), release=release)
    tries_prod(actors, how, release)


def _a_deny_window_is_open(actors: Actors, how: How) -> None:
    release = actors.proves()
    actors.soaks()
    while not verdict.denied(actors.shared.clock.now()):
        actors.passes(timedelta(hours=3))
    actors.verifies("staging")
    actors.all_approve(release)
    tries_prod(actors, how, release)


def _a_deny_window_opens(actors: Actors, how: How) -> None:
    release = actors.proves()
    actors.soaks()
    while not verdict.denied(actors.shared.clock.now() + timedelta(hours=3)):
        actors.passes(timedelta(hours=2))
    actors.verifies("staging")
    actors.all_approve(release)
    actors.here.meanwhile["asking"] = lambda: actors.passes(timedelta(hours=3))
    tries_prod(actors, how, release)


def _it_is_locked(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.locks("prod")
    tries_prod(actors, how, release)


def _it_was_rolled_back(actors: Actors, how: How) -> None:
    actors.by_the_book()
    release = ready(actors)
    actors.shared.terraform.fails_on.add(("prod", "web"))
    tries_prod(actors, PLAINLY, release)
    actors.shared.terraform.fails_on.clear()
    actors.rolls_back("prod")
    tries_prod(actors, how, release)
    actors.unlocks("prod", release=release)
    tries_prod(actors, how, release)


def _approved_once_and_done_twice(actors: Actors, how: How) -> None:
    """Somebody has undone a change by hand, for a reason."""
    actors.by_the_book()
    release, reality = ready(actors), actors.shared.terraform.reality
    before = dict(reality)
    tries_prod(actors, PLAINLY, release)
    reality.update({where: what for where, what in before.items() if where[0] == "prod"})
    tries_prod(actors, how, release)


def _it_is_busy(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.shared.terraform.dies_on.add(("prod", "network"))
    tries_prod(actors, PLAINLY, release)
    actors.shared.terraform.dies_on.clear()
    # Somebody has broken Terraform's lock by hand.
    actors.shared.terraform.locks.clear()
    tries_prod(actors, how, release)


def _staging_has_drifted(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.finds_drift("staging")
    tries_prod(actors, how, release)


def _staging_has_drifted_under_another_release(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.proves()
    actors.finds_drift("staging")
    actors.all_approve(release)
    tries_prod(actors, how, release)


def _dev_has_drifted(actors: Actors, how: How) -> None:
    actors.proves()
    actors.finds_drift("dev")
    actors.verifies("dev")
    actors.edits_settings("staging", 81)
    actors.promotes("dev", "staging", how)


def _it_was_never_committed(actors: Actors, how: How) -> None:
    tries_prod(actors, how, ready(actors, uncommitted=True))


def _loses(kind: str) -> Callable[[Actors, How], None]:
    def tries(actors: Actors, how: How) -> None:
        release = actors.proves()
        actors.shared.terraform.extra_changes["prod", "network"] = more(kind)
        actors.soaks()
        actors.all_approve(release)
        tries_prod(actors, how, release)

    return tries


def _does_more(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.shared.terraform.extra_changes["prod", "network"] = more("a server is made")
    tries_prod(actors, how, release)


def _does_more_midway(kind: str) -> Callable[[Actors, How], None]:
    """What becomes of a stack shows only when the one that it reads has been applied."""

    def tries(actors: Actors, how: How) -> None:
        # Of a stack that was never there, all that it makes is approved at once.
        actors.by_the_book()
        release = ready(actors)

        def shows() -> None:
            actors.shared.terraform.extra_changes["prod", "web"] = more(kind)

        actors.here.meanwhile["asking"] = shows
        tries_prod(actors, how, release)

    return tries


def _other_settings(actors: Actors, how: How) -> None:
    release = ready(actors)
    actors.edits_settings("prod", 82)
    tries_prod(actors, how, release)


def _elsewhere(key: str) -> Callable[[Actors, How], None]:
    def tries(actors: Actors, how: How) -> None:
        release = ready(actors)
        actors.fresh += 1
        actors.edits_place(key, actors.fresh)
        tries_prod(actors, how, release)

    return tries


def _a_stack_was_not_seen(actors: Actors, how: How) -> None:
    """Where it was never there, it waits; and who approves does not name it."""
    release = actors.proves()
    actors.soaks()
    actors.all_approve(release, unseen=())
    tries_prod(actors, how, release)


def _destroys(actors: Actors, how: How) -> None:
    actors.by_the_book()
    actors.destroys("prod", how)


Temptation = Callable[[Actors, How], None]
OF_ORDER: dict[str, Temptation] = {
    "it jumps a stage": _jumps,
    "it goes backwards": _goes_backwards,
    "its redeployment failed": _failed_to_redeploy,
    "its redeployment was killed": _is_being_redeployed,
    "it failed in dev": _failed_in_dev,
    "it was never committed": _it_was_never_committed,
    "staging has drifted": _staging_has_drifted,
    "staging has drifted since": _staging_has_drifted_under_another_release,
    "dev has drifted": _dev_has_drifted,
}
OF_PROOF: dict[str, Temptation] = {
    "it failed a check": _failed_a_check,
    "it failed a check in dev": _failed_a_check_in_dev,
    "it was deployed again, and not verified": _was_not_verified_again,
    "only a part of it was deployed": _a_part_was_deployed,
    "a part of it was deployed again": _a_part_was_deployed_again,
    "it failed a check, and soaks anew": _failed_a_check_and_passed_it_again,
    "it has not soaked": _is_too_fresh,
    "it soaked in two halves": _stayed_twice_for_half_of_the_time,
    "its proof is too old": _is_too_old,
}
OF_AUTHORS: dict[str, Temptation] = {
    "an author's change comes with another release": _comes_with_another_release,
    "an author's change is taken back by a release": _is_taken_back,
    "two authors approve for each other, and one is missing": _two_approve_for_each_other,
    "who wrote the settings has approved": _who_wrote_settings_has_approved,
}
OF_PEOPLE: dict[str, Temptation] = {
    **OF_AUTHORS,
    "an approval was withdrawn": _approval_was_withdrawn,
    "the approvals have expired": _approvals_have_expired,
    "who promotes has approved": _who_promotes_has_approved,
    "the author has approved": _the_author_has_approved,
    "the same person has approved twice": _the_same_person_twice,
    "the plan holds more than was approved": _does_more,
    "a stack's plan holds more than was approved": _does_more_midway("a server is made"),
    "a stack's plan loses a database": _does_more_midway("a database is lost"),
    "the settings are others than were approved": _other_settings,
    **{f"prod is in another place than was approved: {key}": _elsewhere(key) for key in PLACES},
    "a stack was not seen": _a_stack_was_not_seen,
    "what was approved once is done twice": _approved_once_and_done_twice,
}
OF_PROD: dict[str, Temptation] = {
    "a deny window is open": _a_deny_window_is_open,
    "a deny window opens while somebody is asked": _a_deny_window_opens,
    "it is locked": _it_is_locked,
    "the release was rolled back": _it_was_rolled_back,
    "it is busy": _it_is_busy,
    "a database would be lost": _loses("a database is lost"),
    "a bucket would be made anew": _loses("a bucket is made anew"),
    "too much would be lost": _loses("servers are lost"),
    "it is to be destroyed": _destroys,
}
