"""Random ledgers: any events, and histories as a pipeline writes them."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from envctl.domain.ledger import (
    GENESIS,
    Actor,
    ApprovalGiven,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Entry,
    Event,
    ReleaseCreated,
    digest,
    encode,
)

START = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
texts = st.text(st.characters(codec="utf-8"), max_size=8)
environments = st.sampled_from(["dev", "staging", "prod"])
releases = st.sampled_from(["r1", "r2", "r3"])
numbers = st.integers(0, 14)
stack_names = st.lists(st.sampled_from(["network", "web"]), max_size=2).map(tuple)
actors = st.builds(
    Actor,
    name=texts,
    via=st.sampled_from(["aws", "github", "local"]),
    verified=st.booleans(),
    run_url=texts,
)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(ReleaseCreated, releases, texts, st.booleans(), texts),
    st.builds(DeploymentStarted, environments, releases, texts, st.sampled_from(["apply", "promote"]), environments),
    st.builds(DeploymentSucceeded, environments, releases, numbers, stack_names, numbers),
    st.builds(DeploymentFailed, environments, releases, numbers, texts, stack_names, st.booleans()),
    st.builds(DeploymentAbandoned, environments, releases, numbers, texts),
    st.builds(ApprovalGiven, environments, st.sampled_from(["peer", "quality"]), releases, texts),
)
# Fixed offsets: of two zones with summer time, Python calls no two times equal in the hour that comes twice.
offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=offsets).map(
    lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
)


def chain(happened: list[Event]) -> list[Entry]:
    """The entries of a ledger in which these events happened, a second apart."""
    entries: list[Entry] = []
    prev = GENESIS
    for seq, event in enumerate(happened, 1):
        entries.append(Entry(seq, prev, START + timedelta(seconds=seq), Actor("ann"), event))
        prev = digest(encode(entries[-1]))
    return entries


def stored(entries: list[Entry]) -> list[tuple[int, bytes]]:
    return [(entry.seq, encode(entry)) for entry in entries]


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Events in which ends mostly belong to the start right before, so that something comes to be proven."""
    happened: list[Event] = []
    while len(happened) < draw(st.integers(0, 14)):
        event = draw(events)
        last = happened[-1] if happened else None
        if isinstance(last, DeploymentStarted) and draw(st.integers(0, 3)):
            where, release, seq = last.environment, last.release, len(happened)
            event = draw(
                st.one_of(
                    st.builds(DeploymentSucceeded, st.just(where), st.just(release), st.just(seq), stack_names),
                    st.builds(DeploymentFailed, st.just(where), st.just(release), st.just(seq), texts, stack_names),
                )
            )
        happened.append(event)
    return happened


ledgers = st.one_of(histories(), st.lists(events, max_size=10)).map(chain)
