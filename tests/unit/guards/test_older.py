"""G111: whether a newer release runs where a release is to go, by the ledger alone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from envctl.domain.config.project import Pipeline
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal, Request
from envctl.domain.guards.provenance import find_newer_deployment
from envctl.domain.ledger.state import EnvironmentState, LedgerState
from tests.unit.guards.asked import (
    ENTRY,
    NOW,
    R1,
    R2,
    SAME_CODE,
    TO_PROD,
    answer,
    deployed,
    made,
    ran,
    said,
    with_environment,
)

R3 = "3" * 64
Came = Mapping[str, Mapping[str, int]]
IN_TURN: Came = {R1: {"dev": 2, "staging": 4}, R2: {"dev": 6, "staging": 8}}
TWICE: Came = {R1: {"dev": 10, "staging": 12}, R2: {"dev": 6, "staging": 8}}


def asked(
    prod: EnvironmentState,
    *,
    came: Came = IN_TURN,
    release: str = R1,
    staging: EnvironmentState | None = None,
    request: Request = TO_PROD,
) -> Request:
    """R1 is asked for in prod; R2 came after it."""
    releases = {R1: made(R1, 1), R2: made(R2, 5), R3: made(R3, 9)}
    environments = {"dev": ran(R1, R2), "staging": staging or ran(R1, R2), "prod": prod}
    present = LedgerState(seq=20, head="head", releases=releases, environments=environments, came=came)
    return replace(request, target="prod", release=release, present=present)


def stopped(release: str, outcome: str = "failed", before: EnvironmentState | None = None) -> EnvironmentState:
    """What ran before, and a deployment on top of it that did not get to its end."""
    last = deployed(release, seq=99, outcome=outcome)
    return replace(before or ran(R1), last=last)


NOTHING_RUNS = EnvironmentState(last=deployed(R2, action="destroy"))
NOT_OLDER: dict[str, Request] = {
    "nothing was ever there": asked(EnvironmentState()),
    "nothing is there any more": asked(NOTHING_RUNS),
    "the same runs": asked(ran(R2), release=R2),
    "an older one runs": asked(ran(R1), release=R2),
    "it came back to the source by a new deployment": asked(ran(R2), came=TWICE, staging=ran(R2, R1)),
    "it came back by a promotion, and another one came since": asked(
        ran(R2), came={**TWICE, R3: {"dev": 16, "staging": 18}}, staging=ran(R2, R1, R3)
    ),
    "the source went back to it": asked(ran(R2), staging=ran(R2, R1)),
    "it was gone back to in the target": asked(ran(R2, R1)),
    "it stopped halfway, and is gone on with": asked(stopped(R1, before=ran(R2))),
    "it was made after what never came there": asked(ran(R2), came={R1: {"staging": 4}}, release=R3, staging=ran(R3)),
    "it came back to the entry after what never came to the source": asked(
        ran(R2), came={R1: {"dev": 8, "staging": 10}, R2: {"dev": 6}}, staging=ran(R1)
    ),
    "nobody made it": asked(ran(R2), release="4" * 64),
    "what runs is deployed again": asked(ran(R2), release=R2, request=replace(SAME_CODE, source=None)),
    "a rollback": asked(ran(R1, R2), request=replace(TO_PROD, action="rollback", source=None)),
    "a destruction": asked(ran(R2), request=replace(TO_PROD, action="destroy", source=None)),
    "it is meant": replace(asked(ran(R2)), older=True),
    "no release": replace(asked(ran(R2)), release=None),
}


@pytest.mark.parametrize("request_", NOT_OLDER.values(), ids=NOT_OLDER.keys())
def test_newer_or_equal_release_passes(request_: Request) -> None:
    assert answer("G111", request_) is None


RUNS, HAS_A_PART = "(runs in prod)", "(partly deployed to prod)"
OLDER: dict[str, tuple[Request, str]] = {
    "it came to the source before": (asked(ran(R2)), RUNS),
    "it ran there before": (asked(ran(R1, R2)), RUNS),
    "again in dev alone": (asked(ran(R2), came={R1: {"dev": 30, "staging": 4}, R2: {"dev": 6, "staging": 8}}), RUNS),
    "the source went back to it, and on to another": (asked(ran(R2), staging=ran(R2, R1, R3)), RUNS),
    "what runs never came": (
        asked(ran(R2), came={R1: {"dev": 2, "staging": 4}, R2: {"dev": 6}}, staging=ran(R1)),
        RUNS,
    ),
    "what runs was made after it": (asked(ran(R2), came={}, staging=ran(R1)), RUNS),
    **{
        f"a newer one is {outcome} there": (asked(stopped(R2, outcome)), HAS_A_PART)
        for outcome in ("failed", "interrupted", "abandoned", "partial", "unfinished")
    },
    "a newer one stopped in an empty one": (asked(EnvironmentState(last=deployed(R2, outcome="failed"))), HAS_A_PART),
    "its destruction failed": (
        asked(replace(ran(R2), last=deployed(R2, action="destroy", outcome="failed"))),
        HAS_A_PART,
    ),
    "applied over a newer one": (asked(stopped(R2), request=replace(TO_PROD, action="apply", source=None)), HAS_A_PART),
}


@pytest.mark.parametrize(("request_", "how"), OLDER.values(), ids=OLDER.keys())
def test_older_release_is_refused(request_: Request, how: str) -> None:
    assert said("G111", request_) == f"release 111111111111 is older than release 222222222222 {how}"


def test_refusal_is_final_waivable_and_dated() -> None:
    refusal = answer("G111", asked(ran(R2)))
    assert refusal and (refusal.for_now, refusal.warns, refusal.waivable) == (False, False, True)
    assert refusal.since == deployed().started_at


BEHIND = deployed(R1, behind=R2)
CAME_BEHIND: dict[str, tuple[Came, str]] = {
    "it had come before": ({R1: {"dev": 2}, R2: {"dev": 6}}, RUNS),
    "it had never come": ({R1: {"dev": 6}, R2: {"dev": 6}}, RUNS),
}


@pytest.mark.parametrize(("came", "how"), CAME_BEHIND.values(), ids=CAME_BEHIND.keys())
def test_release_of_an_earlier_commit_is_older(came: Came, how: str) -> None:
    source = EnvironmentState(current=BEHIND, last=BEHIND)
    request = replace(asked(ran(R2), came=came, staging=source), pipeline=Pipeline(("staging", "prod")))
    came = {release: {"staging": seen["dev"]} for release, seen in came.items()}
    request = replace(request, present=replace(request.present, came=came))
    assert said("G111", request) == f"release 111111111111 is older than release 222222222222 {how}"
    assert answer("G111", replace(request, older=True)) is None


EARLIER = with_environment(replace(ENTRY, behind=R2), "dev", ran(R2))


def test_earlier_commit_is_told_at_the_entry() -> None:
    way_on = (
        "take the newest commit (git pull), then: envctl apply dev;"
        " to continue from this commit: envctl apply dev --older"
    )
    warned = Refusal(
        GuardCode.OLDER,
        message="the commit of the working tree is older than the one of release 222222222222 (runs in dev)",
        hint=f"promote to staging will refuse it; {way_on}",
        since=deployed().started_at,
        warns=True,
    )
    assert answer("G111", EARLIER) == warned
    assert answer("G111", replace(EARLIER, pipeline=Pipeline(("dev",)))) == replace(warned, hint=way_on)


TOLD_NO_MORE: dict[str, Request] = {
    "it is meant": replace(EARLIER, older=True),
    "it is not behind": replace(EARLIER, behind=""),
    "it stopped halfway, and is gone on with": with_environment(EARLIER, "dev", stopped(R1, before=ran(R2))),
    "the newer one runs there no more": with_environment(EARLIER, "dev", ran(R3)),
}


@pytest.mark.parametrize("request_", TOLD_NO_MORE.values(), ids=TOLD_NO_MORE.keys())
def test_earlier_commit_is_not_told_where(request_: Request) -> None:
    assert answer("G111", request_) is None


HINTS: dict[str, tuple[Request, str]] = {
    "it was verified there": (
        asked(ran(R1, R2)),
        (
            "to go back: envctl rollback prod --to 111111111111;"
            " if intended: envctl promote staging prod --release 111111111111 --older"
        ),
    ),
    "it never ran there": (
        asked(ran(R2)),
        "to go back: envctl rollback prod; if intended: envctl promote staging prod --release 111111111111 --older",
    ),
    "the newer one stopped halfway": (
        asked(stopped(R2), request=replace(TO_PROD, action="apply", source=None)),
        (
            "to go back: envctl rollback prod --to 111111111111;"
            " to go on: envctl promote staging prod --release 222222222222; if intended: envctl apply prod --older"
        ),
    ),
}


@pytest.mark.parametrize(("request_", "hint"), HINTS.values(), ids=HINTS.keys())
def test_hint_names_the_way_back_first(request_: Request, hint: str) -> None:
    refusal = answer("G111", request_)
    assert refusal and refusal.hint == hint


def test_last_of_two_newer_ones_is_named() -> None:
    two = asked(stopped(R3, before=ran(R2)), came={**IN_TURN, R3: {"dev": 14, "staging": 16}})
    assert find_newer_deployment(two) == two.target_state.last
    assert find_newer_deployment(asked(stopped(R1, before=ran(R2)))) is None


def test_time_has_no_say() -> None:
    """A clock that went wrong makes nothing older or newer."""
    request = asked(ran(R2))
    for ago in (timedelta(days=-400), timedelta(days=400)):
        releases = {
            name: replace(each, at=NOW + ago * number)
            for number, (name, each) in enumerate(request.present.releases.items())
        }
        other = replace(request, present=replace(request.present, releases=releases))
        assert answer("G111", other) == answer("G111", request)
