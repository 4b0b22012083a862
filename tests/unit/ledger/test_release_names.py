"""Names of releases: one name is one release, or it is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import UsageError
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.release.release_names import (
    MIN_COMMIT_PREFIX,
    MIN_ID_PREFIX,
    find_named_releases,
    find_release,
)

AT = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
LOGS, PORTS, AGAIN = "f86ebee0" + "1" * 56, "f86ebee1" + "2" * 56, "0badcafe" + "3" * 56
COMMIT, SHARED = "c0ffee1" + "0" * 33, "5eed5eed" + "0" * 32


def known(release: str, seq: int, commit: str = "", request: int = 0, subject: str = "") -> KnownRelease:
    by = Actor("ann@example.com")
    return KnownRelease(
        release=release,
        seq=seq,
        at=AT,
        by=by,
        commit=commit,
        uncommitted=not commit,
        author="",
        subject=subject,
        request=request,
    )


def build_ledger(*releases: KnownRelease) -> LedgerState:
    return LedgerState(seq=len(releases), releases={each.release: each for each in releases})


LEDGER = build_ledger(
    known(LOGS, 1, COMMIT, 42, "Trace logs, longer retention"),
    known(PORTS, 2, SHARED, 43, "Open ports"),
    known(AGAIN, 3, SHARED, 43, "Open ports"),
    # Its id begins like the commit of the first one.
    known("c0ffee1" + "4" * 57, 4, "7777777" + "0" * 33, 44),
)
NAMED = {
    "the full id": (LOGS, LOGS),
    "a part of the id": ("f86ebee0", LOGS),
    "the least part of an id": ("0bad", AGAIN),
    "the number of a request": ("#42", LOGS),
    "the number as GitLab writes it": ("!42", LOGS),
    "the full commit": (COMMIT, LOGS),
    "a part of the commit": ("7777777", "c0ffee1" + "4" * 57),
}
REFUSED = {
    "nothing": ("", "no release is named ''"),
    "too little of an id": ("0ba", "4 characters of its id are needed"),
    "too little of a commit": ("777777", "no release is named '777777'"),
    "the beginning of two ids": ("f86ebee", "names 2 releases"),
    "a commit with two releases": (SHARED, "names 2 releases"),
    "a request with two releases": ("#43", "names 2 releases"),
    "an id and the commit of another release": ("c0ffee1", "names 2 releases"),
    "an unknown request": ("#7", "no release was made from the pull or merge request #7"),
    "a request without its number": ("#", "no release is named '#'"),
    "the number of no request": ("#0", "no release is named '#0'"),
    "a number alone": ("42", "no release is named '42'"),
    "a part of the subject": ("Trace logs", "no release is named 'Trace logs'"),
}


@pytest.mark.parametrize(("name", "release"), NAMED.values(), ids=NAMED)
def test_release_is_found_by(name: str, release: str) -> None:
    assert find_release(LEDGER, name) == release


@pytest.mark.parametrize(("name", "message"), REFUSED.values(), ids=REFUSED)
def test_name_is_refused_if_it_is(name: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        find_release(LEDGER, name)
    problem = refused.value.problems[0]
    assert problem.code == "E003"
    assert message in problem.message
    assert problem.hint.endswith("envctl releases")


def test_ambiguous_name_lists_labels_newest_first() -> None:
    with pytest.raises(UsageError) as refused:
        find_release(LEDGER, "#43")
    assert refused.value.problems[0].message.split("\n") == [
        "'#43' names 2 releases:",
        f'{AGAIN[:12]} · "Open ports" · #43',
        f'{PORTS[:12]} · "Open ports" · #43',
    ]


def test_many_candidates_are_counted() -> None:
    many = build_ledger(*(known(f"{number:064x}", number, SHARED) for number in range(1, 10)))
    with pytest.raises(UsageError) as refused:
        find_release(many, SHARED)
    assert refused.value.problems[0].message.endswith("\nand 4 more")


# Few letters and short names: they collide often.
ids = st.text("ab", min_size=8, max_size=8)
commits = st.text("ab", min_size=10, max_size=10) | st.just("")
ledgers = st.lists(st.tuples(ids, commits, st.integers(0, 3)), max_size=8, unique_by=lambda each: each[0]).map(
    lambda made: build_ledger(*(known(name, seq, commit, pr) for seq, (name, commit, pr) in enumerate(made, 1)))
)
names = st.text("ab", max_size=10) | st.sampled_from(["#0", "#1", "#2", "#3", "!1"])


@given(ledgers, names)
def test_name_never_means_two_releases(ledger: LedgerState, name: str) -> None:
    fitting = {
        each.release
        for each in ledger.releases.values()
        if (len(name) >= MIN_ID_PREFIX and each.release.startswith(name))
        or (len(name) >= MIN_COMMIT_PREFIX and each.commit.startswith(name))
        or (name[:1] in ("#", "!") and name[1:] == str(each.request) and each.request)
    }
    try:
        found = find_release(ledger, name)
    except UsageError:
        assert name not in ledger.releases
        assert len(fitting) != 1
        assert {each.release for each in find_named_releases(ledger, name)} == fitting
    else:
        assert found == name or fitting == {found}


@given(ledgers)
def test_full_id_always_wins(ledger: LedgerState) -> None:
    assert [find_release(ledger, release) for release in ledger.releases] == list(ledger.releases)
