"""Ledgers to fold: told step by step, or random."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias, get_args

from hypothesis import strategies as st

from envctl.domain.ledger.entries import GENESIS, Entry, encode_entry, hash_bytes
from envctl.domain.ledger.events import (
    Actor,
    ApprovalGiven,
    ApprovalWithdrawn,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    DriftChecked,
    EnvironmentLocked,
    EnvironmentUnlocked,
    Event,
    HoldLifted,
    HoldSet,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.state_events import ImportEnded, ImportOutcome, ImportStarted, StateMoved
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.domain.ledger.waiver_events import WaiverGiven, WaiverReviewed

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
Step: TypeAlias = Event | timedelta | Actor

texts = st.text(st.characters(codec="utf-8"), max_size=8)
environments = st.sampled_from(["dev", "staging", "prod"])
releases = st.sampled_from(["r1", "r2", "r3"])
gates = st.sampled_from(["peer", "quality"])
moves = st.sampled_from(["apply", "promote", "rollback", "destroy"])
numbers = st.integers(0, 14)
stack_names = st.lists(st.sampled_from(["network", "web"]), max_size=2).map(tuple)
done = st.lists(st.sampled_from(["create aws_vpc", "update aws_vpc", "delete aws_eip"]), max_size=2).map(tuple)
stack_name = st.sampled_from(["network", "web"])
step_numbers = st.integers(1, 5)
colors = st.sampled_from(["blue", "green"])
artifacts = st.sampled_from(["image-1", "image-2"])
some_texts = st.lists(texts, max_size=2).map(tuple)
actors = st.builds(
    Actor,
    name=texts,
    via=st.sampled_from(["aws", "github", "local"]),
    verified=st.booleans(),
    run_url=texts,
    arn=texts,
    teams=some_texts,
)
rules = st.sampled_from(["", "ru1es", "0ther"])
EVENTS_BY_KIND: dict[type[Event], st.SearchStrategy[Event]] = {
    ReleaseCreated: st.builds(
        ReleaseCreated,
        release=releases,
        commit=texts,
        uncommitted=st.booleans(),
        author=texts,
        subject=texts,
        request=st.integers(0, 10**9),
    ),
    DeploymentStarted: st.builds(
        DeploymentStarted,
        environment=environments,
        release=releases,
        settings=texts,
        action=moves,
        source=environments,
        plan=texts,
        waiver=numbers,
        rules=rules,
    ),
    DeploymentSucceeded: st.builds(
        DeploymentSucceeded,
        environment=environments,
        release=releases,
        started=numbers,
        stacks=stack_names,
        changed=numbers,
        performed=done,
    ),
    DeploymentFailed: st.builds(
        DeploymentFailed,
        environment=environments,
        release=releases,
        started=numbers,
        reason=texts,
        stacks=stack_names,
        interrupted=st.booleans(),
        performed=done,
    ),
    DeploymentAbandoned: st.builds(DeploymentAbandoned, environments, releases, numbers, texts, done),
    VerificationPassed: st.builds(VerificationPassed, environments, releases, numbers, some_texts),
    VerificationFailed: st.builds(VerificationFailed, environments, releases, numbers, some_texts, texts),
    ApprovalGiven: st.builds(
        ApprovalGiven, environment=environments, gate=gates, release=releases, settings=texts, plan=texts
    ),
    ApprovalWithdrawn: st.builds(ApprovalWithdrawn, environments, gates, releases),
    RulesApproved: st.builds(RulesApproved, environments, gates, rules, rules),
    RulesResetRequested: st.builds(RulesResetRequested, environments, rules, texts),
    RulesResetWithdrawn: st.builds(RulesResetWithdrawn, environments, rules, texts),
    HistoryVouched: st.builds(HistoryVouched, environment=environments, number=numbers, head=rules),
    EnvironmentLocked: st.builds(EnvironmentLocked, environments, texts),
    EnvironmentUnlocked: st.builds(EnvironmentUnlocked, environments, texts),
    HoldSet: st.builds(HoldSet, environments, releases, texts),
    HoldLifted: st.builds(HoldLifted, environments, releases, texts),
    DriftChecked: st.builds(
        DriftChecked, environment=environments, release=releases, drifted=numbers, resources=some_texts, also=some_texts
    ),
    RolloutStarted: st.builds(
        RolloutStarted,
        environment=environments,
        release=releases,
        started=numbers,
        stack=stack_name,
        color=colors,
        value=artifacts,
        stable=artifacts,
    ),
    TrafficShiftStarted: st.builds(
        TrafficShiftStarted,
        environment=environments,
        release=releases,
        started=numbers,
        stack=stack_name,
        percent=st.integers(1, 100),
        step=step_numbers,
        steps=step_numbers,
    ),
    TrafficShifted: st.builds(
        TrafficShifted,
        environment=environments,
        release=releases,
        started=numbers,
        stack=stack_name,
        color=st.one_of(colors, st.just("")),
        value=artifacts,
        percent=st.integers(1, 100),
        stable=st.one_of(artifacts, st.just("")),
    ),
    ImportStarted: st.builds(ImportStarted, environments, releases, stack_name, texts),
    ImportEnded: st.builds(
        ImportEnded,
        environment=environments,
        release=releases,
        started=numbers,
        stack=stack_name,
        address=texts,
        outcome=st.sampled_from(get_args(ImportOutcome)),
        reason=texts,
    ),
    StateMoved: st.builds(
        StateMoved,
        environment=environments,
        release=releases,
        started=numbers,
        stack=stack_name,
        to=stack_name,
        lineage=texts,
        serial=numbers,
    ),
    WaiverUsed: st.builds(
        WaiverUsed,
        environment=environments,
        release=releases,
        reason=texts,
        guards=some_texts,
        refusals=some_texts,
        started=numbers,
    ),
    WaiverGiven: st.builds(
        WaiverGiven,
        environment=environments,
        release=releases,
        settings=texts,
        place=texts,
        guards=some_texts,
        reason=texts,
    ),
    WaiverReviewed: st.builds(WaiverReviewed, environments, numbers, texts),
}
events: st.SearchStrategy[Event] = st.one_of(*EVENTS_BY_KIND.values())
# Fixed offsets: of two zones with summer time, Python calls no two times equal in the hour that comes twice.
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=offsets).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)
pauses = st.integers(0, 10**10).map(lambda milliseconds: timedelta(milliseconds=milliseconds))
people = st.sampled_from([Actor("ann"), Actor("bob")])


def story(*steps: Step) -> list[Entry]:
    """The entries of a ledger in which these events happened, a second apart.

    A timedelta lets more time pass before the next one, and an actor is who acts from then on; at first that is ann.
    """
    entries: list[Entry] = []
    prev, at, actor = GENESIS, START, Actor("ann")
    for step in steps:
        match step:
            case timedelta():
                at += step
            case Actor():
                actor = step
            case _:
                at += SECOND
                entries.append(Entry(seq=len(entries) + 1, prev=prev, at=at, actor=actor, event=step))
                prev = hash_bytes(encode_entry(entries[-1]))
    return entries


def chain(happened: Sequence[Event]) -> list[Entry]:
    return story(*happened)


def stored(entries: list[Entry]) -> list[tuple[int, bytes]]:
    return [(entry.seq, encode_entry(entry)) for entry in entries]


def _ends(begun: DeploymentStarted, seq: int) -> st.SearchStrategy[Event]:
    where, release, number = st.just(begun.environment), st.just(begun.release), st.just(seq)
    success = st.builds(
        DeploymentSucceeded,
        environment=where,
        release=release,
        started=number,
        stacks=stack_names,
        changed=numbers,
        performed=done,
    )
    return st.one_of(
        success,
        success,
        st.builds(
            DeploymentFailed,
            environment=where,
            release=release,
            started=number,
            reason=texts,
            stacks=stack_names,
            interrupted=st.booleans(),
            performed=done,
        ),
        st.builds(DeploymentAbandoned, where, release, number, texts, done),
        st.builds(
            WaiverUsed,
            environment=where,
            release=release,
            reason=texts,
            guards=some_texts,
            refusals=some_texts,
            started=number,
        ),
        _shifts(begun, seq),
        _shifts(begun, seq),
    )


def _shifts(begun: DeploymentStarted, seq: int) -> st.SearchStrategy[Event]:
    """What a rollout of that deployment says, in any order."""
    where = {
        "environment": st.just(begun.environment),
        "release": st.just(begun.release),
        "started": st.just(seq),
        "stack": stack_name,
    }
    which, percents = {**where, "color": colors, "value": artifacts}, st.integers(1, 100)
    return st.one_of(
        st.builds(RolloutStarted, **which, stable=artifacts),
        st.builds(TrafficShiftStarted, **where, percent=percents, step=step_numbers, steps=step_numbers),
        st.builds(TrafficShifted, **which, percent=percents, stable=st.one_of(artifacts, st.just(""))),
    )


def _looks(ended: DeploymentSucceeded) -> st.SearchStrategy[Event]:
    where, release, number = st.just(ended.environment), st.just(ended.release), st.just(ended.started)
    passed = st.builds(VerificationPassed, where, release, number, some_texts)
    return st.one_of(
        passed,
        passed,
        st.builds(VerificationFailed, where, release, number, some_texts, texts),
        st.builds(DriftChecked, environment=where, release=release, drifted=numbers, resources=some_texts),
        st.builds(HoldSet, where, releases, texts),
    )


def _starts(waived: WaiverUsed, seq: int) -> st.SearchStrategy[Event]:
    where, release = st.just(waived.environment), st.just(waived.release)
    return st.builds(
        DeploymentStarted,
        environment=where,
        release=release,
        settings=texts,
        action=moves,
        source=environments,
        plan=texts,
        waiver=st.just(seq),
    )


def _begun(happened: Sequence[Event], number: int) -> DeploymentStarted | None:
    event = happened[number - 1] if 0 < number <= len(happened) else None
    return event if isinstance(event, DeploymentStarted) else None


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """As a pipeline writes them: what happens mostly belongs to what happened right before, so that releases come to
    be proven, and waivers to be owed.
    """
    happened: list[Event] = []
    steps: list[Step] = []
    for _ in range(draw(st.integers(0, 20))):
        # After a look at what runs there comes, as a rule, another one.
        spoken_of = next((e for e in reversed(happened) if not isinstance(e, VerificationPassed | DriftChecked)), None)
        likely = events
        match spoken_of if draw(st.integers(0, 3)) else None:
            case DeploymentStarted() as begun if happened[-1] is begun:
                likely = _ends(begun, len(happened))
            case RolloutStarted() | TrafficShiftStarted() | TrafficShifted() as shift if rolling := _begun(
                happened, shift.started
            ):
                likely = _ends(rolling, shift.started)
            case DeploymentSucceeded() as ended:
                likely = _looks(ended)
            case WaiverUsed() as waived if happened[-1] is waived:
                likely = _starts(waived, len(happened))
        happened.append(draw(likely))
        steps += [draw(people), draw(pauses), happened[-1]]
    return story(*steps)


ledgers = st.one_of(histories(), st.lists(events, max_size=10).map(chain))
