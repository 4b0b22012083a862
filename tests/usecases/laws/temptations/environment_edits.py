"""Environments leave the project, or go by another name: what runs there is never lost, and what was asked there is
asked of whatever comes in their place.
"""

from collections.abc import Callable
from dataclasses import replace

from envctl.usecases.project import environment_selection
from tests.usecases.commands import PLAINLY, How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.oracle.rulebook import Asked
from tests.usecases.laws.temptations.rule_changes import LESS, SHAPES
from tests.usecases.laws.temptations.rule_edits import approve_release
from tests.usecases.laws.temptations.temptations import Temptation, ready, tries_prod

Shape = Callable[[Asked], Asked]


def _settles(actors: Actors) -> None:
    """Prod runs a release, in an account that the project file names."""
    if "account_id" in dict(actors.place("prod").where):
        actors.by_the_book()
        return
    release = actors.proves()
    actors.soaks()
    actors.edits_place("account_id", 7)
    actors.all_approve(release)
    tries_prod(actors, PLAINLY, release)


def _under_a_new_name(actors: Actors, how: How) -> None:
    """Prod goes by another name, in the same account, and nobody is asked there."""
    _settles(actors)
    with actors.with_book(_ungated(SHAPES["prod renamed"](actors.book))):
        release = actors.proves()
        actors.soaks()
        tries_prod(actors, how, release)
        # By what is asked in the account it comes there, and has rules of its own from then on.
        actors.all_approve(release)
        actors.promotes("staging", "prod", release=release)
        actors.by_the_book()


def _under_a_new_name_alone(actors: Actors, how: How) -> None:
    _settles(actors)
    with actors.with_book(_ungated(SHAPES["prod renamed"](actors.book))):
        release = actors.proves()
        actors.soaks()
        actors.all_approve(release)
        actors.promotes("staging", "prod", how, release=release)
        assert actors.place("prod").current != release, "a new name was deployed to"


def _ungated(asked: Asked) -> Asked:
    return asked.edit("prod", LESS["no gate"])


def _break_in(actors: Actors, release: str) -> None:
    actors.promotes("staging", "prod", How(break_glass="it has to begin somehow"), release=release)


def _begin_with_a_part(actors: Actors, release: str) -> None:
    actors.all_approve(release)
    actors.promotes("staging", "prod", How(only=("network",)), release=release)


def _after_a_beginning(begin: Callable[[Actors, str], None], *changes: str) -> Temptation:
    """Under its new name something was deployed, in a way that records no rules; the next release asks nobody."""

    def tries(actors: Actors, how: How) -> None:
        _settles(actors)
        with actors.with_rules("prod", *(LESS[name] for name in changes)):
            actors.by_the_book()
            with actors.with_book(_ungated(SHAPES["prod renamed"](actors.book))):
                release = actors.proves()
                actors.soaks()
                begin(actors, release)
                release = actors.proves()
                actors.soaks()
                tries_prod(actors, how, release)

    return tries


def _under_a_new_name_where_code_enters(actors: Actors, how: How) -> None:
    _settles(actors)
    asked = replace(SHAPES["prod renamed"](actors.book), order=("prod", "dev", "staging"))
    with actors.with_book(_ungated(asked)):
        actors.mends()
        actors.fresh += 1
        actors.edits_code(f"under a new name {actors.fresh}")
        actors.moves_image("dev", "prod")
        try:
            actors.applies("prod", how)
        finally:
            actors.moves_image("prod", "dev")


def _beside_under_a_new_name(actors: Actors, how: How) -> None:
    _settles(actors)
    asked = SHAPES["prod beside the pipeline"](SHAPES["prod renamed"](actors.book))
    with actors.with_book(_ungated(asked)):
        actors.mends()
        actors.fresh += 1
        actors.plants("modules/beside/planted.tf", actors.fresh)
        actors.applies("prod", how)


def _was_gone(actors: Actors, how: How) -> None:
    """Prod leaves the project with all that it holds, and comes back: as it was, but that nobody is asked."""
    actors.by_the_book()
    with actors.with_book(SHAPES["prod gone"](actors.book)):
        _is_not_lost(actors)
        release = actors.proves()
        actors.soaks()
        tries_prod(actors, how, release)
    with actors.with_rules("prod", LESS["no gate"]):
        tries_prod(actors, how, release)
    # As it was it goes on as it did.
    actors.by_the_book()


def _is_not_lost(actors: Actors) -> None:
    """Whatever is asked of it says that it is gone, and what it holds."""
    actors.looks("prod")
    for act in (actors.applies, actors.rolls_back, actors.destroys, actors.verifies, actors.recovers, actors.plans):
        act("prod")
    actors.looks_for_drift("prod")
    actors.approves("peer", PLAINLY)
    actors.resets_rules()


def _staging_is(name: str) -> Temptation:
    """Prod takes releases from staging; for one release it takes them from another environment."""

    def tries(actors: Actors, how: How) -> None:
        actors.by_the_book()
        with actors.with_book(SHAPES[name](actors.book)):
            actors.mends()
            actors.looks("prod")
            actors.fresh += 1
            actors.edits_code(f"another way into prod {actors.fresh}")
            if done := actors.applies("dev"):
                before = "dev" if "gone" in name else "staging"
                if before == "staging":
                    actors.promotes("dev", "staging", release=done.release)
                actors.soaks_in(before)
                approve_release(actors, done.release)
                actors.promotes(before, "prod", how, release=done.release)
        actors.by_the_book()

    return tries


def _an_old_job_knows_the_old_name(actors: Actors, how: How) -> None:
    """Prod has its new name and was deployed there; a job of before goes on under the old one."""
    _settles(actors)
    tries_prod(actors, how, ready(actors))
    job = actors.jobs[-1]
    with actors.with_book(SHAPES["prod renamed"](actors.book)):
        actors.by_the_book()
        actors.runs_again(job)


def _with_the_states_of_before(actors: Actors, how: How) -> None:
    """Prod has a new name, and somebody has carried its states along: the ledger knows nothing of what they hold."""
    _settles(actors)
    with actors.with_book(SHAPES["prod renamed"](actors.book)):
        release = actors.proves()
        actors.soaks()
        with actors.carries_states("prod", actors.called("prod")):
            actors.all_approve(release)
            tries_prod(actors, how, release)


def _unrecognized(temptation: Temptation) -> Temptation:
    """A new name is refused at once (E139), and nothing else would be tried: here the guards stand alone."""

    def tries(actors: Actors, how: How) -> None:
        known = environment_selection._list_successors
        environment_selection._list_successors = lambda *_: ()
        try:
            temptation(actors, how)
        finally:
            environment_selection._list_successors = known

    return tries


OF_NAMES: dict[str, Temptation] = {
    "prod has a new name": _under_a_new_name,
    "prod has a new name, and glass was broken": _after_a_beginning(_break_in, "all can be waived"),
    "prod has a new name, and a part is there": _after_a_beginning(_begin_with_a_part),
    "prod has a new name where code enters": _under_a_new_name_where_code_enters,
    "prod has a new name beside the pipeline": _beside_under_a_new_name,
    "prod has a new name, and its states": _with_the_states_of_before,
    "an old job knows the old name": _an_old_job_knows_the_old_name,
}
OF_ENVIRONMENTS: dict[str, Temptation] = {
    **{name: _unrecognized(temptation) for name, temptation in OF_NAMES.items()},
    "prod has a new name alone": _under_a_new_name_alone,
    "prod was gone for a while": _was_gone,
    "staging is gone": _staging_is("staging gone"),
    "staging has a new name": _staging_is("staging renamed"),
}
