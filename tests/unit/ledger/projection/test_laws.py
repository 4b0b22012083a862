"""The fold by laws, over random ledgers."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger.entries import Entry, encode_entry, hash_bytes
from envctl.domain.ledger.events import DeploymentStarted, Event, VerificationPassed
from envctl.domain.ledger.projection.apply_entries import apply_entries, apply_entry
from envctl.domain.ledger.state import LedgerState
from tests.unit.ledger.ledger_strategies import SECOND, START, events, ledgers
from tests.unit.ledger.projection.entry_lists import ANN, HOUR, NONE, ORDER, started


@given(ledgers, st.data())
def test_the_fold_of_a_prefix_never_depends_on_later_entries(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    early = apply_entries(entries[:cut])
    late = apply_entries(entries[cut:], early)
    assert early == apply_entries(entries[:cut])
    assert late == apply_entries(entries)
    assert (late.seq, late.head) == (
        len(entries),
        hash_bytes(encode_entry(entries[-1])) if entries else LedgerState().head,
    )


@given(ledgers)
def test_following_step_by_step_is_the_fold(entries: list[Entry]) -> None:
    present = LedgerState()
    for entry in entries:
        present = apply_entry(present, entry)
    assert present == apply_entries(entries)


@given(ledgers)
def test_only_what_was_started_and_succeeded_is_proven(entries: list[Entry]) -> None:
    for environment, there in apply_entries(entries).environments.items():
        for release, proof in there.evidence.items():
            begun = entries[proof.deployment.seq - 1].event
            assert isinstance(begun, DeploymentStarted)
            assert (begun.environment, begun.release, proof.deployment.release) == (environment, release, release)
            assert proof.deployment.outcome == "succeeded"
            assert begun.action != "destroy"


@given(ledgers)
def test_only_what_passed_a_verification_of_its_own_is_verified(entries: list[Entry]) -> None:
    for environment, there in apply_entries(entries).environments.items():
        for proof in there.evidence.values():
            looked = [
                entry.at
                for entry in entries
                if isinstance(entry.event, VerificationPassed)
                and (entry.event.environment, entry.event.started) == (environment, proof.deployment.seq)
            ]
            assert proof.verified_at is None or proof.verified_at in looked
            assert proof.since is None or proof.verified
            assert not (proof.verified and proof.revoked)


@given(ledgers, events)
def test_an_environment_is_changed_by_its_own_events_alone(entries: list[Entry], event: Event) -> None:
    before, then = apply_entries(entries), apply_entry(apply_entries(entries), _next(entries, event))
    touched = getattr(event, "environment", None)
    assert all(then.find_environment(name) == before.find_environment(name) for name in ORDER if name != touched)
    assert touched is None or then.releases == before.releases


@given(ledgers, st.timedeltas(timedelta(), timedelta(days=30)))
def test_nobody_has_soaked_longer_than_time_has_passed(entries: list[Entry], more: timedelta) -> None:
    now = (entries[-1].at if entries else START) + more
    for environment, there in apply_entries(entries).environments.items():
        for release, proof in there.evidence.items():
            first = next(
                (
                    entry.at
                    for entry in entries
                    if isinstance(entry.event, VerificationPassed)
                    and (entry.event.environment, entry.event.release) == (environment, release)
                ),
                now,
            )
            assert NONE <= proof.measure_soak(now) <= now - first


def _next(entries: Sequence[Entry], event: Event, then: timedelta = SECOND) -> Entry:
    last = entries[-1].at if entries else START
    return Entry(len(entries) + 1, apply_entries(entries).head, last + then, ANN, event)


@given(ledgers, st.sampled_from(["r1", "r2"]), st.timedeltas(NONE, timedelta(days=30)))
def test_the_start_of_any_deployment_stops_every_clock_there(
    entries: list[Entry], release: str, then: timedelta
) -> None:
    start = _next(entries, started(release), then)
    before, there = (
        apply_entries(entries).find_environment("dev"),
        apply_entry(apply_entries(entries), start).find_environment("dev"),
    )
    assert there.evidence.keys() == before.evidence.keys()
    for name, proof in there.evidence.items():
        assert proof.since is None
        assert proof.measure_soak(start.at + HOUR) == before.evidence[name].measure_soak(start.at)
        earlier = before.evidence[name]
        assert proof.until in {earlier.until, start.at}
        assert replace(proof, since=None, longest=NONE, until=None) == replace(
            earlier, since=None, longest=NONE, until=None
        )
