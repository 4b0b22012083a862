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
def test_projection_of_prefix_is_independent_of_later_entries(entries: list[Entry], data: st.DataObject) -> None:
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
def test_stepwise_projection_equals_projection(entries: list[Entry]) -> None:
    present = LedgerState()
    for entry in entries:
        present = apply_entry(present, entry)
    assert present == apply_entries(entries)


@given(ledgers)
def test_only_started_and_succeeded_deployment_is_evidence(entries: list[Entry]) -> None:
    for environment, there in apply_entries(entries).environments.items():
        for release, proof in there.evidence.items():
            begun = entries[proof.deployment.seq - 1].event
            assert isinstance(begun, DeploymentStarted)
            assert (begun.environment, begun.release, proof.deployment.release) == (environment, release, release)
            assert proof.deployment.outcome == "succeeded"
            assert begun.action != "destroy"


@given(ledgers)
def test_release_is_verified_only_by_its_own_verification(entries: list[Entry]) -> None:
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
def test_event_changes_only_its_own_environment(entries: list[Entry], event: Event) -> None:
    before, then = apply_entries(entries), apply_entry(apply_entries(entries), _next(entries, event))
    touched = getattr(event, "environment", None)
    assert all(then.find_environment(name) == before.find_environment(name) for name in ORDER if name != touched)
    assert touched is None or then.releases == before.releases


@given(ledgers, st.timedeltas(timedelta(), timedelta(days=30)))
def test_soak_never_exceeds_elapsed_time(entries: list[Entry], more: timedelta) -> None:
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
    return Entry(seq=len(entries) + 1, prev=apply_entries(entries).head, at=last + then, actor=ANN, event=event)


@given(ledgers, st.sampled_from(["r1", "r2"]), st.timedeltas(NONE, timedelta(days=30)))
def test_deployment_start_stops_every_soak_clock(entries: list[Entry], release: str, then: timedelta) -> None:
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
