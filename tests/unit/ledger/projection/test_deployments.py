"""Starts and ends: what runs, what ran, and what it did."""

import pytest

from envctl.domain.ledger.events import DeploymentStarted, Event
from envctl.domain.ledger.projection.apply_entries import MAX_EVIDENCE, apply_entries
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import EMPTY_ENVIRONMENT, Deployment, EnvironmentState, Evidence
from tests.unit.ledger.ledger_strategies import Step, chain
from tests.unit.ledger.projection.entry_lists import (
    ANN,
    BOB,
    HOUR,
    ORDER,
    VERIFIED,
    abandoned,
    after,
    at,
    dev,
    drift,
    failed,
    passed,
    started,
    succeeded,
)

STRANGE_ENDS: dict[str, list[Event]] = {
    "an end without any start": [succeeded(1)],
    "a failure without any start": [failed(1)],
    "an end of another number": [started(), succeeded(7)],
    "an end in another environment": [started(), succeeded(1, environment="staging")],
    "an end that names another release": [started("r1"), succeeded(1, "r2")],
    "a failure that names another release": [started("r1"), failed(1, "r2")],
    "a second end": [started(), failed(1), succeeded(1)],
    "a failure after the success": [started(), succeeded(1), failed(1)],
    "an end of a deployment that another one replaced": [started("r1"), started("r2"), succeeded(1, "r1")],
    "somebody giving up on what is over": [started(), succeeded(1), abandoned(1)],
}


@pytest.mark.parametrize("happened", STRANGE_ENDS.values(), ids=STRANGE_ENDS.keys())
def test_end_without_open_deployment_is_ignored(happened: list[Event]) -> None:
    before, then = apply_entries(chain(happened[:-1])), apply_entries(chain(happened))
    assert all(then.find_environment(name) == before.find_environment(name) for name in ORDER)
    assert then.seq == before.seq + 1


def test_started_deployment_is_last_and_unfinished() -> None:
    begun = DeploymentStarted(
        environment="staging", release="r1", settings="5e77", action="promote", source="dev", plan="f00d", waiver=0
    )
    there = after(BOB, begun).find_environment("staging")
    assert there.last == Deployment(
        seq=1, release="r1", settings="5e77", action="promote", source="dev", by=BOB, started_at=at(1)
    )
    assert there.unfinished_deployment == there.last
    assert there.current is None


def test_success_creates_evidence_of_its_release() -> None:
    there = dev(ReleaseCreated(release="r1"), started(), succeeded(2))
    done = Deployment(
        seq=2,
        release="r1",
        settings="settings",
        action="apply",
        source="",
        by=ANN,
        started_at=at(2),
        outcome="succeeded",
        ended_at=at(3),
        changed=2,
    )
    assert there == EnvironmentState(
        current=done, last=done, evidence={"r1": Evidence(deployment=done)}, stacks=frozenset({"network"})
    )


ENDS: dict[str, tuple[Event, Deployment]] = {
    "a failure": (
        failed(3),
        Deployment(
            seq=3,
            release="r1",
            settings="settings",
            action="apply",
            source="",
            by=ANN,
            started_at=at(3),
            outcome="failed",
            ended_at=at(4),
            reason="it broke",
        ),
    ),
    "an interruption": (
        failed(3, interrupted=True),
        Deployment(
            seq=3,
            release="r1",
            settings="settings",
            action="apply",
            source="",
            by=ANN,
            started_at=at(3),
            outcome="interrupted",
            ended_at=at(4),
            reason="it broke",
        ),
    ),
    "a deployment that was given up": (
        abandoned(3),
        Deployment(
            seq=3,
            release="r1",
            settings="settings",
            action="apply",
            source="",
            by=ANN,
            started_at=at(3),
            outcome="abandoned",
            ended_at=at(4),
            reason="gone",
        ),
    ),
}


@pytest.mark.parametrize(("end", "last"), ENDS.values(), ids=ENDS.keys())
def test_later_failure_of_same_release_revokes_evidence(end: Event, last: Deployment) -> None:
    there = dev(started(), succeeded(1), started(), end)
    assert (there.evidence, there.last) == ({}, last)
    assert not there.whole
    assert there.current and there.current.seq == 1


def test_failure_of_another_release_keeps_evidence() -> None:
    there = dev(started(), succeeded(1), passed(1), started("r2"), failed(4, "r2"))
    assert there.evidence.keys() == {"r1"}
    assert there.evidence["r1"].verified


def test_success_after_failure_restores_evidence() -> None:
    assert dev(started(), failed(1), started(), succeeded(3)).evidence.keys() == {"r1"}


def test_stacks_applied_before_failure_are_recorded() -> None:
    there = dev(started(), failed(1, stacks=("network",)), started(), failed(3, stacks=("web",)))
    assert there.stacks == {"network", "web"}


def test_end_completes_the_unfinished_deployment() -> None:
    assert dev(started()).unfinished_deployment is not None
    assert dev(started(), failed(1)).unfinished_deployment is None


def test_first_creator_of_a_release_stays_creator() -> None:
    present = after(
        BOB,
        ReleaseCreated(release="r1", commit="c1", author="cat"),
        ANN,
        ReleaseCreated(release="r1", commit="c2", author="bob"),
    )
    known = present.releases["r1"]
    assert (known.release, known.seq, known.at, known.by) == ("r1", 1, at(1), BOB)
    assert (known.commit, known.uncommitted, known.author) == ("c1", False, "cat")


def test_committed_release_has_the_makers_of_both_entries() -> None:
    first = ReleaseCreated(release="r1", commit="c1", uncommitted=True, author="cat", others=("dan",))
    second = ReleaseCreated(release="r1", commit="c2", author="eve", others=("fay",), subject="All of it", request=7)
    known = after(BOB, first, ANN, second).releases["r1"]
    assert (known.seq, known.by, known.made_for) == (1, BOB, ("",))
    assert (known.commit, known.uncommitted, known.subject, known.request) == ("c2", False, "All of it", 7)
    assert {known.author, *known.others} >= {"eve", "cat", "dan", "fay", ANN.name}


NOT_A_COMMIT = {
    "still uncommitted": ReleaseCreated(release="r1", commit="c2", uncommitted=True, author="eve"),
    "made for another environment": ReleaseCreated(release="r1", commit="c2", author="eve", beside="tools"),
}


@pytest.mark.parametrize("second", NOT_A_COMMIT.values(), ids=NOT_A_COMMIT)
def test_release_stays_uncommitted(second: ReleaseCreated) -> None:
    known = after(ReleaseCreated(release="r1", commit="c1", uncommitted=True, author="cat"), second).releases["r1"]
    assert (known.commit, known.uncommitted, known.author) == ("c1", True, "cat")


def test_release_of_two_pipelines_has_both_makers() -> None:
    """Each entry names the people since the release before of its own pipeline."""
    first = ReleaseCreated(release="r1", commit="c1", author="cat", beside="tools", others=("dan",))
    second = ReleaseCreated(release="r1", commit="c1", author="cat", others=("fay",), unknown_authors=True)
    known = after(BOB, first, ANN, second, second).releases["r1"]
    assert {known.author, *known.others} == {"cat", "dan", "fay", ANN.name}
    assert (known.made_for, known.unknown_authors) == (("tools", ""), True)


def test_release_records_the_environments_it_was_made_for() -> None:
    management, tools = ReleaseCreated(release="r2", beside="management"), ReleaseCreated(release="r2", beside="tools")
    present = after(ReleaseCreated(release="r1"), management, tools, management)
    assert {name: known.made_for for name, known in present.releases.items()} == {
        "r1": ("",),
        "r2": ("management", "tools"),
    }


WORK: dict[str, tuple[list[Step], dict[str, frozenset[str]]]] = {
    "nothing was done": ([started(), succeeded(1)], {}),
    "a success says what was done": (
        [started(), succeeded(1, performed=("create a", "update b"))],
        {"r1": frozenset({"create a", "update b"})},
    ),
    "what was done before failure": ([started(), failed(1, performed=("create a",))], {"r1": frozenset({"create a"})}),
    "the same release gathers what it does": (
        [started(), failed(1, performed=("create a",)), started(), succeeded(3, performed=("update b",))],
        {"r1": frozenset({"create a", "update b"})},
    ),
    "each release has done its own": (
        [started(), succeeded(1, performed=("create a",)), started("r2"), succeeded(3, "r2", performed=("update a",))],
        {"r1": frozenset({"create a"}), "r2": frozenset({"update a"})},
    ),
    "another release comes between two parts": (
        [
            *(started(), failed(1, performed=("delete a",))),
            *(started("r2"), succeeded(3, "r2", performed=("update a",))),
            *(started(), succeeded(5, performed=("update b",))),
        ],
        {"r1": frozenset({"delete a", "update b"}), "r2": frozenset({"update a"})},
    ),
    "a recovery says what was done": (
        [
            *(started(), abandoned(1, performed=("delete a",)), started("r2"), failed(3, "r2")),
            *(started(), succeeded(5, performed=("update b",))),
        ],
        {"r1": frozenset({"delete a", "update b"})},
    ),
    "an old recovery does not say it": (
        [started(), abandoned(1), started(), succeeded(3, performed=("update b",))],
        {"r1": frozenset({"update b"})},
    ),
    "a recovery of another deployment counts for none": (
        [started(), abandoned(7, performed=("delete a",)), succeeded(1, performed=("update b",))],
        {"r1": frozenset({"update b"})},
    ),
}


@pytest.mark.parametrize(("steps", "performed"), WORK.values(), ids=WORK.keys())
def test_performed_actions_are_recorded(steps: list[Step], performed: dict[str, frozenset[str]]) -> None:
    assert {release: done for release, done in dev(*steps).performed.items() if done} == performed


def made_and_verified(count: int) -> list[Step]:
    """So many releases one after the other, of which each does something of its own."""
    steps: list[Step] = []
    for number in range(count):
        name, start = f"n{number}", 3 * number + 1
        steps += [started(name), succeeded(start, name, performed=(f"create {name}",)), passed(start, name)]
    return steps


def test_evidence_is_kept_for_last_deployed_releases() -> None:
    there = dev(*made_and_verified(MAX_EVIDENCE + 2))
    latest = [f"n{number}" for number in range(2, MAX_EVIDENCE + 2)]
    assert (list(there.evidence), list(there.performed)) == (latest, latest)
    assert all(proof.verified for proof in there.evidence.values())
    assert there.current_evidence == there.evidence[latest[-1]]


def test_redeployed_release_is_not_evicted_next() -> None:
    start = 3 * (MAX_EVIDENCE - 1) + 1
    again = [*made_and_verified(MAX_EVIDENCE - 1), started("n0"), succeeded(start, "n0", performed=("delete n0",))]
    assert dev(*again).performed["n0"] == {"create n0", "delete n0"}
    there = dev(
        *again,
        *(started("r1"), succeeded(start + 2, "r1", performed=("create r1",))),
        *(started("r2"), succeeded(start + 4, "r2", performed=("create r2",))),
    )
    assert len(there.evidence) == len(there.performed) == MAX_EVIDENCE
    assert "n0" in there.evidence
    assert there.performed["n0"] == {"create n0", "delete n0"}
    assert "n1" not in there.evidence
    assert "n1" not in there.performed


def test_destroy_leaves_no_current_release() -> None:
    full = [*VERIFIED, drift(1), started(action="destroy")]
    there = dev(*full, succeeded(5))
    assert there.last == Deployment(
        seq=5,
        release="r1",
        settings="settings",
        action="destroy",
        source="",
        by=ANN,
        started_at=at(5, HOUR),
        outcome="succeeded",
        ended_at=at(6, HOUR),
        changed=2,
    )
    assert (there.current, there.current_evidence, there.unfinished_deployment) == (None, None, None)
    assert not there.whole
    assert (there.stacks, there.drift) == (frozenset(), None)


def test_failed_destroy_leaves_current_release_unverified() -> None:
    there = dev(*VERIFIED, started(action="destroy"), failed(4))
    assert there.current is not None
    assert not there.whole
    assert there.evidence == {}
    assert there.stacks == {"network"}


def test_deployment_after_destroy_starts_anew() -> None:
    there = dev(*VERIFIED, started(action="destroy"), succeeded(4), started("r2"), succeeded(6, "r2"))
    assert there.whole
    assert there.stacks == {"network"}
    assert there.current_evidence == there.evidence["r2"]
    assert EMPTY_ENVIRONMENT.evidence == {}
