"""Who the authors of a deployment are, and how approvals are counted by author."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from envctl.domain.guards import Request
from envctl.domain.guards.approvals import count_missing_approvals, describe_approvers_at
from envctl.domain.guards.authors import (
    count_people,
    describe_authors,
    is_only_author,
    list_authors,
    list_changed_releases,
)
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.known_releases import KnownRelease
from tests.unit.guards.asked import ANN, BOB, CAT, DAN, TO_PROD, approval, deployed, here, made, ruled, said

EVE, FAY = Actor("eve"), Actor("fay")
NUMBERED = {number: f"{number}" * 64 for number in range(1, 6)}


def running(number: int, wanted: int, *releases: KnownRelease, **more: object) -> Request:
    """Prod runs one release, and another is to come. Bob deploys it."""
    known = releases or tuple(made(NUMBERED[each], each, author=f"a{each}", by=Actor(f"b{each}")) for each in NUMBERED)
    request = replace(TO_PROD, release=NUMBERED[wanted])
    request = replace(request, present=replace(request.present, releases={each.release: each for each in known}))
    return ruled(here(request, current=deployed(NUMBERED[number], **more)), approvals={"peer": 1})


def numbers(request: Request) -> list[int]:
    return sorted(each.seq for each in list_changed_releases(request))


def test_releases_since_the_running_one_count() -> None:
    assert numbers(running(2, 5)) == [3, 4, 5]
    assert numbers(running(4, 5)) == [5]


def test_rollback_counts_what_it_takes_back() -> None:
    assert numbers(running(4, 2)) == [2, 3, 4]


def test_deployed_release_counts_where_it_runs() -> None:
    assert numbers(running(3, 3)) == [3]


def test_baseline_counts_the_release_alone() -> None:
    request = here(running(2, 5), current=None)
    assert numbers(request) == [5]
    assert describe_authors(request) == (
        "written by a5, b5; baseline: nothing runs in prod yet, and authors of earlier releases do not count"
    )


def test_release_that_came_by_waiver_counts_again() -> None:
    assert numbers(running(3, 5, waiver=9)) == [3, 4, 5]


def test_lost_running_release_leaves_all_before() -> None:
    request = running(2, 4)
    left = {name: each for name, each in request.present.releases.items() if each.seq != 2}
    assert numbers(replace(request, present=replace(request.present, releases=left))) == [1, 3, 4]


def test_releases_of_standalone_environments_are_others() -> None:
    known = [made(NUMBERED[each], each) for each in (1, 2, 3, 4)]
    known[1] = replace(known[1], made_for=("tools",))
    known[2] = replace(known[2], made_for=("tools", ""))
    assert numbers(running(1, 4, *known)) == [3, 4]


def test_authors_are_told_with_their_beginning() -> None:
    known = made(NUMBERED[1], 1), made(NUMBERED[2], 2, author="ann", others=("cat", "noreply@github.com"))
    request = running(1, 2, *known)
    assert describe_authors(request) == (
        f"written by ann, cat (all since release {NUMBERED[1][:12]}, which runs in prod)"
    )
    assert describe_authors(ruled(request, self_approval=True)) == ""


PARTS: dict[str, tuple[Request, set[str]]] = {
    "the forge that merges is nobody": (
        running(1, 2, made(NUMBERED[2], 2, others=("noreply@github.com", ""))),
        {"ann"},
    ),
    "a bot is an author": (
        running(1, 2, made(NUMBERED[2], 2, others=("29139614+renovate[bot]@users.noreply.github.com",))),
        {"ann", "29139614+renovate[bot]@users.noreply.github.com"},
    ),
    "a no-reply address is its login": (
        running(1, 2, made(NUMBERED[2], 2, author="7+ann@users.noreply.github.com")),
        {"ann"},
    ),
    "unconnected names stay two": (
        running(1, 2, made(NUMBERED[2], 2, author="ann@example.com", by=Actor("cat"))),
        {"ann@example.com", "cat"},
    ),
    "settings and rules": (
        replace(running(1, 2, made(NUMBERED[2], 2)), wrote_tree=("cat",), wrote_rules=("dan",)),
        {"ann", "cat", "dan"},
    ),
    "rules that it does not record": (
        replace(running(1, 2, made(NUMBERED[2], 2)), action="rollback", wrote_rules=("dan",)),
        {"ann"},
    ),
}


@pytest.mark.parametrize(("request_", "names"), PARTS.values(), ids=PARTS)
def test_author_is_each_person_with_a_part(request_: Request, names: set[str]) -> None:
    assert {author[0] for author in list_authors(request_)} == names


def test_names_of_a_creator_are_one_person() -> None:
    """Neither of two names may approve what the person under both made."""
    creator = Actor("build", also=("fay@example.com", "cat"))
    request = running(1, 2, made(NUMBERED[2], 2, author="fay", by=creator))
    assert [set(author) for author in list_authors(request)] == [{"build", "fay@example.com", "cat", "fay"}]
    given = here(request, approvals=(approval(CAT, release=NUMBERED[2]), approval(FAY, release=NUMBERED[2])))
    assert count_missing_approvals(given) == {"peer": 1}


A, B, C, D = ("ann",), ("bob",), ("cat",), ("dan",)
COUNTED: dict[str, tuple[Sequence[tuple[str, ...]], Sequence[Actor], int]] = {
    "nobody is known to have written it": ((), (ANN, CAT), 2),
    "one's own does not count": ((A,), (ANN,), 0),
    "another's does": ((A,), (CAT,), 1),
    "two may approve each other's work": ((A, C), (ANN, CAT), 1),
    "two of three approve": ((A, C, D), (ANN, CAT), 1),
    "three authors who all approve": ((A, C, D), (ANN, CAT, DAN), 2),
    "an author beside two others": ((A,), (ANN, CAT, DAN), 2),
    "one of two authors": ((A, C), (ANN,), 0),
    "one person twice": ((A,), (CAT, Actor("CAT")), 1),
    "the author under another name": ((("ann@example.com",),), (ANN, CAT), 1),
    "no approval": ((A,), (), 0),
}


@pytest.mark.parametrize(("authors", "given", "wanted"), COUNTED.values(), ids=COUNTED)
def test_people_are_counted_by_author(authors: Sequence[tuple[str, ...]], given: Sequence[Actor], wanted: int) -> None:
    assert count_people(authors, given) == wanted


def test_only_author_is_author_of_everything() -> None:
    assert is_only_author((A,), ANN)
    assert is_only_author((A, ("Ann@example.com",)), ANN)
    assert not is_only_author((A, C), ANN)
    assert not is_only_author((), ANN)


TWO_AUTHORS = running(1, 2, made(NUMBERED[2], 2, author="cat", by=DAN))
TEAM: dict[str, tuple[int, tuple[Actor, ...], int]] = {
    "each approves the other's work": (1, (CAT, DAN), 0),
    "one alone does not": (1, (CAT,), 1),
    "a third alone does": (1, (EVE,), 0),
    "the promoter never counts": (1, (CAT, BOB), 1),
    "a team of four has two": (2, (CAT, DAN, EVE), 0),
    "two authors are not two for each": (2, (CAT, DAN), 1),
}


@pytest.mark.parametrize(("need", "people", "missing"), TEAM.values(), ids=TEAM)
def test_team_does_not_run_dry(need: int, people: tuple[Actor, ...], missing: int) -> None:
    given = tuple(approval(each, release=NUMBERED[2]) for each in people)
    request = here(ruled(TWO_AUTHORS, approvals={"peer": need}), approvals=given)
    assert count_missing_approvals(request) == {"peer": missing}


def test_who_can_still_help_is_named() -> None:
    assert describe_approvers_at(TWO_AUTHORS, ("peer",)) == "any person except bob; cat, dan only for changes of others"
    by_cat = here(TWO_AUTHORS, approvals=(approval(CAT, release=NUMBERED[2]),))
    assert describe_approvers_at(by_cat, ("peer",)) == "any person except bob, cat"


def test_unknown_author_is_refused_with_what_to_fetch() -> None:
    request = replace(TWO_AUTHORS, unknown_authors="this clone does not have the commits")
    approved = here(request, approvals=(approval(EVE, release=NUMBERED[2]),))
    assert said("G106", approved) == "the authors are unknown: this clone does not have the commits"
    assert not said("G106", ruled(approved, self_approval=True))
