"""The project file asks for less, for as long as one release needs to get somewhere; then it is put back. Or it asked
for more once, and people go on as if it had not.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from tests.usecases.commands import How
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.oracle.rulebook import ALL_CHECKS
from tests.usecases.laws.people import BOB, CAT, DAN, Name
from tests.usecases.laws.temptations.rule_changes import LESS, MORE, SHAPES
from tests.usecases.laws.temptations.temptations import (
    OF_ORDER,
    OF_PEOPLE,
    OF_PROD,
    OF_PROOF,
    Temptation,
    ready,
    tries_prod,
)

_WORDS = OF_ORDER | OF_PEOPLE | OF_PROD | OF_PROOF


def _while_edited(kind: str, temptation: Temptation, change: Callable[[How], How] = lambda how: how) -> Temptation:
    """Prod was deployed by the book before, and is asked for less while somebody is tempted."""

    def tries(actors: Actors, how: How) -> None:
        actors.by_the_book()
        with actors.with_rules("prod", LESS[kind]):
            temptation(actors, change(how))

    return tries


def _after_more(kind: str, temptation: Temptation) -> Temptation:
    """Prod asked for more once, and was deployed so; then the project file says what it always did."""

    def tries(actors: Actors, how: How) -> None:
        with actors.with_rules("prod", MORE[kind]):
            actors.by_the_book()
        temptation(actors, how)

    return tries


def _a_gate_more(actors: Actors, how: How) -> None:
    """People approve at the gates of always, and the law is not asked."""
    release = actors.proves()
    actors.soaks()
    approve_release(actors, release)
    tries_prod(actors, how, release)


def _in_staging(less: str, more: str, prepare: Callable[[Actors, str], None]) -> Temptation:
    """Staging asks for more, and was deployed so; then it is asked for less, for one release."""

    def tries(actors: Actors, how: How) -> None:
        with actors.with_rules("staging", MORE[more]):
            actors.proves()
            with actors.with_rules("staging", LESS[less]):
                actors.mends()
                actors.fresh += 1
                actors.edits_code(f"past the rules of staging {actors.fresh}")
                if done := actors.applies("dev"):
                    actors.waits_until_open()
                    prepare(actors, done.release)
                    actors.promotes("dev", "staging", how, release=done.release)

    return tries


def _nothing(actors: Actors, release: str) -> None:
    """Nobody does anything."""


def _approvals(*gates: tuple[str, str]) -> Callable[[Actors, str], None]:
    def approve(actors: Actors, release: str) -> None:
        for gate, person in gates:
            actors.approves(gate, How(person), release=release, to="staging")

    return approve


def approve_release(actors: Actors, release: str, unseen: tuple[str, ...] = ("web",)) -> None:
    """The release, and not the rules."""
    for gate, person in (("peer", BOB), ("business", CAT), ("business", DAN)):
        actors.approves(gate, How(person, unseen=unseen), release=release)


def _breaks_glass(how: How) -> How:
    return replace(how, break_glass="prod is down")


def _a_check_is_put_back(actors: Actors, how: How) -> None:
    """Staging was verified without it, and would have failed it."""
    actors.by_the_book()
    actors.shared.failing.add(("staging", "deep"))
    with actors.with_book(replace(actors.book, checks=ALL_CHECKS - {"deep"})):
        release = actors.proves()
        actors.shared.failing.add(("staging", "deep"))
        actors.soaks()
    actors.shared.failing.clear()
    actors.all_approve(release)
    tries_prod(actors, how, release)


def _staging_is_passed_by(actors: Actors, how: How) -> None:
    """For one release prod comes right after dev."""
    actors.by_the_book()
    with actors.with_book(replace(actors.book, order=("dev", "prod", "staging"))):
        actors.mends()
        actors.fresh += 1
        actors.edits_code(f"past staging {actors.fresh}")
        if done := actors.applies("dev"):
            actors.soaks_in("dev")
            approve_release(actors, done.release)
            actors.promotes("dev", "prod", how, release=done.release)


def _prod_is_where_code_enters(actors: Actors, how: How) -> None:
    actors.by_the_book()
    with actors.with_book(replace(actors.book, order=("prod", "dev", "staging"))):
        actors.mends()
        actors.fresh += 1
        actors.edits_code(f"at once into prod {actors.fresh}")
        actors.moves_image("dev", "prod")
        actors.waits_until_open()
        try:
            applies_new_code(actors, how)
        finally:
            actors.moves_image("prod", "dev")


def applies_new_code(actors: Actors, how: How) -> None:
    """Of the working tree, in prod, with the approvals that its gates ask for."""
    if actors.applies("prod", how) is None:
        release = next(reversed(actors.oracle.made))
        approve_release(actors, release, unseen=())
        actors.applies("prod", how)


def _prod_stands_beside_the_pipeline(actors: Actors, how: How) -> None:
    actors.by_the_book()
    with actors.with_book(SHAPES["prod beside the pipeline"](actors.book)):
        actors.mends()
        actors.fresh += 1
        actors.plants("modules/beside/planted.tf", actors.fresh)
        actors.waits_until_open()
        applies_new_code(actors, how)


def _approvals_of_other_rules(actors: Actors, how: How) -> None:
    """People approve while the project file asks for all of them; the promotion asks for one."""
    actors.by_the_book()
    release = actors.proves()
    actors.soaks()
    actors.approves("peer", How(BOB), release=release)
    actors.approves("business", How(CAT), release=release)
    with actors.with_rules("prod", LESS["one gate"]):
        tries_prod(actors, how, release)


def _old_rules_by_an_old_job(actors: Actors, how: How) -> None:
    """What asked for less was promoted once, in another tree; its job is run again after prod asks for more."""
    with actors.with_rules("prod", LESS["no gate"]):
        release = actors.proves()
        actors.soaks()
        tries_prod(actors, how, release)
    job = actors.jobs[-1]
    actors.by_the_book()
    actors.runs_again(job)


def claim(actors: Actors, how: How, *, name: Name, kind: str = "the business in a role") -> None:
    """The business has to be approved by people in a role, or in jobs, and this is how those who approve are known."""
    with actors.with_rules("prod", MORE[kind]):
        release = actors.proves()
        actors.soaks()
        actors.approves("peer", How(BOB), release=release)
        for person in (CAT, DAN):
            actors.approves("business", How(person, name=name), release=release)
        tries_prod(actors, how, release)


def _withdraws_under_another_name(actors: Actors, how: How) -> None:
    """CAT has approved at her desk and in a job, and withdraws in a job."""
    release = ready(actors)
    actors.approves("business", How(CAT, name="job"), release=release)
    actors.withdraws("business", How(CAT, name="job"), release=release)
    tries_prod(actors, how, release)


OF_RULES: dict[str, Temptation] = {
    "no gate": _while_edited("no gate", _WORDS["an approval was withdrawn"]),
    "one gate": _while_edited("one gate", _WORDS["an approval was withdrawn"]),
    "fewer approvals": _while_edited("fewer approvals", _WORDS["an approval was withdrawn"]),
    "one's own approval counts": _while_edited("one's own approval counts", _WORDS["who promotes has approved"]),
    "approvals never expire": _while_edited("approvals never expire", _WORDS["the approvals have expired"]),
    "no soak": _while_edited("no soak", _WORDS["it has not soaked"]),
    "proof of any age": _while_edited("proof of any age", _WORDS["its proof is too old"]),
    "uncommitted trees": _while_edited("uncommitted trees", _WORDS["it was never committed"]),
    "no window": _while_edited("no window", _WORDS["a deny window is open"]),
    "not protected": _while_edited("not protected", _WORDS["a database would be lost"]),
    "any number may be destroyed": _while_edited("any number may be destroyed", _WORDS["too much would be lost"]),
    "all can be waived": _while_edited("all can be waived", _WORDS["it has not soaked"], _breaks_glass),
    "a check is put back": _a_check_is_put_back,
    "approvals were given for other rules": _approvals_of_other_rules,
    "an old job has old rules": _old_rules_by_an_old_job,
}
OF_MORE: dict[str, Temptation] = {
    "a gate more": _after_more("a gate more", _a_gate_more),
    "more approvals": _after_more("more approvals", _a_gate_more),
    "the business in a role": _after_more("the business in a role", _a_gate_more),
    "a longer soak": _after_more("a longer soak", _WORDS["it soaked in two halves"]),
    "CI alone": _after_more("CI alone", _a_gate_more),
}
OF_STAGING: dict[str, Temptation] = {
    "staging has no gate": _in_staging("no gate", "the gates of prod", _nothing),
    "one approves for staging": _in_staging("one gate", "the gates of prod", _approvals(("peer", BOB))),
    "staging takes what has not soaked": _in_staging("no soak", "a longer soak", _nothing),
    "staging is changed by people": _in_staging("no gate", "CI alone", _nothing),
}
OF_THE_ORDER: dict[str, Temptation] = {
    "staging is passed by": _staging_is_passed_by,
    "prod is where code enters": _prod_is_where_code_enters,
    "prod stands beside the pipeline": _prod_stands_beside_the_pipeline,
}
OF_NAMES: dict[str, Temptation] = {
    "a role is claimed": partial(claim, name="claimed"),
    "nobody vouches": partial(claim, name="own"),
    "it was withdrawn under another name": _withdraws_under_another_name,
}
