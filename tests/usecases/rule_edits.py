"""The project file asks for less, for as long as one release needs to get somewhere; then it is put back."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

from tests.usecases.actors import BOB, CAT, DAN, Actors, How
from tests.usecases.rulebook import ALL_CHECKS, EDITS
from tests.usecases.temptations import OF_ORDER, OF_PEOPLE, OF_PROD, OF_PROOF, Temptation, tries_prod

_WORDS = OF_ORDER | OF_PEOPLE | OF_PROD | OF_PROOF


def _while_edited(kind: str, temptation: Temptation, change: Callable[[How], How] = lambda how: how) -> Temptation:
    """Prod was deployed by the book before, and is asked for less while somebody is tempted."""

    def tries(actors: Actors, how: How) -> None:
        actors.by_the_book()
        with actors.with_book(EDITS[kind](actors.book)):
            temptation(actors, change(how))

    return tries


def _approve_release(actors: Actors, release: str) -> None:
    """The release, and not the rules."""
    for gate, person in (("peer", BOB), ("business", CAT), ("business", DAN)):
        actors.approves(gate, How(person), release=release)


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
            _approve_release(actors, done.release)
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
            if actors.applies("prod", how) is None:
                release = next(reversed(actors.oracle.made))
                _approve_release(actors, release)
                actors.applies("prod", how)
        finally:
            actors.moves_image("prod", "dev")


def _approvals_of_other_rules(actors: Actors, how: How) -> None:
    """People approve while the project file asks for all of them; the promotion asks for one."""
    actors.by_the_book()
    release = actors.proves()
    actors.soaks()
    actors.approves("peer", How(BOB), release=release)
    actors.approves("business", How(CAT), release=release)
    with actors.with_book(EDITS["one gate"](actors.book)):
        tries_prod(actors, how, release)


def _old_rules_by_an_old_job(actors: Actors, how: How) -> None:
    """What asked for less was promoted once, in another tree; its job is run again after prod asks for more."""
    with actors.with_book(EDITS["no gate"](actors.book)):
        release = actors.proves()
        actors.soaks()
        tries_prod(actors, how, release)
    job = actors.jobs[-1]
    actors.by_the_book()
    actors.runs_again(job)


def claim(actors: Actors, how: How, *, name: Literal["own", "vouched", "claimed"]) -> None:
    """The business has to be approved by people in a role, and this is how those who approve are known."""
    with actors.with_book(replace(actors.book, approvers=True)):
        release = actors.proves()
        actors.soaks()
        actors.approves("peer", How(BOB), release=release)
        for person in (CAT, DAN):
            actors.approves("business", How(person, name=name), release=release)
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
OF_THE_ORDER: dict[str, Temptation] = {
    "staging is passed by": _staging_is_passed_by,
    "prod is where code enters": _prod_is_where_code_enters,
}
OF_NAMES: dict[str, Temptation] = {
    "a role is claimed": partial(claim, name="claimed"),
    "nobody vouches": partial(claim, name="own"),
}
