"""The store's clock is the judge of soak, age and expiry. Wrong clocks prove nothing, and brick nothing."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import EnvctlError, OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.entries import TOLERANCE, Entry, decode_entry, encode_entry
from envctl.domain.ledger.events import ApprovalGiven, DeploymentStarted, VerificationPassed
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.verification import verify
from envctl.usecases.ledger import journal, ledger_store
from tests.fakes.clocks import ClockedStore, SkewedClock, TrueClock
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World, list_entries
from tests.usecases.steps import deploy_to_staging

SOAK, EXPIRES, MAX_AGE = timedelta(hours=24), timedelta(hours=8), timedelta(days=14)
GATES = b"approvals = { peer = 1, business = 2 }\n"
RULES = b'approvals = { peer = 1 }\nself_approval = true\nexpires = "8h"\nsoak = "24h"\nmax_age = "14d"\n'
DAY, HOUR, YEAR = timedelta(days=1), timedelta(hours=1), timedelta(days=365)


def clocked(of: World | None = None) -> World:
    """A machine, at the store of the other one where there is one."""
    true = of.store.true if of else TrueClock()  # type: ignore[attr-defined]
    store = of.store if of else ClockedStore(true=true)
    world = World(store=store, clock=SkewedClock(true=true))
    if of is not None:
        world.tree, world.terraform, world.workspace = of.tree, of.terraform, of.workspace
        world.nonces.given = 1000 * (1 + id(world) % 1000)
    world.tree.content["envctl.toml"] = PROJECT.replace(GATES, RULES)
    return world


@pytest.fixture
def world() -> World:
    return clocked()


def passes(world: World, time: timedelta) -> None:
    world.store.true.advance_time(time)  # type: ignore[attr-defined]


def is_off(world: World, off: timedelta) -> None:
    world.clock.off = off  # type: ignore[attr-defined]


def into_staging(world: World) -> None:
    deploy_to_staging(world)


@pytest.mark.parametrize("off", [25 * HOUR, -25 * HOUR, 6 * timedelta(minutes=1), -YEAR])
def test_wrong_clock_is_refused_with_hint(world: World, off: timedelta) -> None:
    into_staging(world)
    before = len(list_entries(world))
    is_off(world, off)
    for command in (
        lambda: apply(world.ports, "dev"),
        lambda: promote(world.ports, "dev", "staging"),
        lambda: promote(world.ports, "staging", "prod"),
        lambda: approve_plan(world.ports, "prod", "peer", unseen=["web"]),
    ):
        with (
            suppress(RefusedError),
            pytest.raises(OperationFailedError, match="E479 this machine's clock is") as raised,
        ):
            command()
        assert "NTP" in raised.value.problems[0].hint
    assert len(list_entries(world)) == before


def test_clock_within_tolerance_is_accepted(world: World) -> None:
    is_off(world, TOLERANCE - timedelta(seconds=1))
    apply(world.ports, "dev")
    is_off(world, -TOLERANCE + timedelta(seconds=1))
    promote(world.ports, "dev", "staging")
    # Whatever the machine's clock says: the store's counts.
    assert {entry.at for entry in list_entries(world)} == {world.store.now()}


def test_soak_counts_by_the_clock_of_the_store(world: World) -> None:
    """A machine that is a day behind verifies; the soak begins when it did in truth."""
    into_staging(world)
    is_off(world, -25 * HOUR)
    verify(world.ports, "staging")
    is_off(world, timedelta())
    passes(world, SOAK - HOUR)
    approve_plan(world.ports, "prod", "peer", unseen=["web"])
    with pytest.raises(RefusedError, match="G104"):
        promote(world.ports, "staging", "prod")
    passes(world, HOUR)
    promote(world.ports, "staging", "prod")


def test_lock_is_recorded_despite_wrong_clock(world: World) -> None:
    is_off(world, -YEAR)
    lock_environment(world.ports, "prod", "we migrate")
    assert list_entries(world)[-1].at == world.store.now()


def _write_old(world: World, event: object, off: timedelta) -> Entry:
    """As an older envctl did, on a machine whose clock is off: by that clock alone."""
    now = journal.load(world.ports)
    at = world.store.true.time + off  # type: ignore[attr-defined]
    entry = Entry(
        seq=now.seq + 1,
        prev=now.head,
        at=at,
        actor=world.identity.identify_actor(),
        event=event,  # type: ignore[arg-type]
        mark=world.nonces.new(),
    )
    world.store.create(ledger_store.entry_key(entry.seq), encode_entry(entry))
    return entry


def test_entry_from_the_future_blocks_nothing(world: World) -> None:
    into_staging(world)
    current = journal.load(world.ports).find_environment("staging").current
    assert current is not None
    _write_old(world, VerificationPassed("staging", current.release, current.seq), YEAR)
    # It has a time that is still to come, so that nothing is known of its soak; the next check tells it.
    passes(world, SOAK)
    with pytest.raises(RefusedError, match="G105"):
        promote(world.ports, "staging", "prod")
    verify(world.ports, "staging")
    approve_plan(world.ports, "prod", "peer", unseen=["web"])
    passes(world, SOAK)
    approve_plan(world.ports, "prod", "peer", unseen=["web"])
    promote(world.ports, "staging", "prod")
    assert journal.verify_ledger(world.ports).find_environment("prod").whole


def test_entry_time_never_decreases(world: World) -> None:
    into_staging(world)
    future = _write_old(world, DeploymentStarted(environment="dev", release="r", settings="s", action="apply"), YEAR)
    lock_environment(world.ports, "prod", "we migrate")
    unlock_environment(world.ports, "prod")
    first, second = list_entries(world)[-2:]
    assert first.at == second.at == future.at
    assert first.stored_at == second.stored_at == world.store.now()
    shown = journal.load(world.ports)
    assert shown.at == future.at


def test_jump_forward_gives_no_soak(world: World) -> None:
    """A stay of minutes that a wrong clock ended a day later."""
    into_staging(world)
    passes(world, HOUR)
    current = journal.load(world.ports).find_environment("staging").current
    assert current is not None
    started = DeploymentStarted(
        environment="staging", release=current.release, settings=current.settings, action="apply"
    )
    _write_old(world, started, 26 * HOUR)
    proof = journal.load(world.ports).find_environment("staging").evidence[current.release]
    assert proof.measure_soak(world.store.true.time) == timedelta()  # type: ignore[attr-defined]


def test_approval_from_the_future_does_not_count(world: World) -> None:
    into_staging(world)
    passes(world, SOAK)
    approve_plan(world.ports, "prod", "peer", unseen=["web"])
    given_ = list_entries(world)[-1]
    assert isinstance(given_.event, ApprovalGiven)
    # The same as an older envctl wrote it, a year ahead.
    key = ledger_store.entry_key(given_.seq)
    world.store.content[key] = encode_entry(replace(given_, at=given_.at + YEAR))
    world.head_cache.seen = None
    with pytest.raises(RefusedError, match="G106"):
        promote(world.ports, "staging", "prod")
    approve_plan(world.ports, "prod", "peer", unseen=["web"])
    promote(world.ports, "staging", "prod")


def test_local_store_refuses_a_clock_set_back(world: World) -> None:
    """A store on this very disk has the machine's clock: all that can be seen is that it went back."""
    into_staging(world)
    passes(world, -2 * DAY)
    with pytest.raises(OperationFailedError, match="E479 this machine's clock is 2d behind the last entry"):
        approve_plan(world.ports, "prod", "peer", unseen=["web"])
    lock_environment(world.ports, "prod", "we migrate")
    entries = list_entries(world)
    assert entries[-1].at == entries[-2].at
    assert entries[-1].stored_at is None


@pytest.mark.parametrize("data", [b'"stored_at":"soon"', b'"stored_at":7', b'"checkpoint":7'])
def test_malformed_clock_fields_are_refused(world: World, data: bytes) -> None:
    lock_environment(world.ports, "prod", "we migrate")
    entry = world.store.content[ledger_store.entry_key(1)]
    with pytest.raises(ValueError, match=r"not|wrong type"):
        decode_entry(entry[:-1] + b"," + data + b"}")


OFFSETS = st.sampled_from([timedelta(), timedelta(), -25 * HOUR, 25 * HOUR, -YEAR, YEAR, TOLERANCE / 2, -TOLERANCE / 2])
STEPS = st.tuples(
    st.sampled_from(["apply", "promote", "verify", "approve", "release", "edit", "lock"]),
    st.integers(0, 1),
    OFFSETS,
    st.sampled_from([timedelta(), HOUR, 9 * HOUR, 24 * HOUR]),
)


@dataclass
class Account:
    """What is known by the true clock: how long each release stayed verified in staging, and the approvals of prod."""

    seen: int = 0
    since: dict[str, datetime] = field(default_factory=dict)
    longest: dict[str, timedelta] = field(default_factory=dict)
    approved: list[datetime] = field(default_factory=list)

    def follows(self, entries: Sequence[Entry], now: datetime) -> None:
        for entry in entries[self.seen :]:
            event = entry.event
            if isinstance(event, DeploymentStarted) and event.environment == "staging":
                for release, began in self.since.items():
                    self.longest[release] = max(self.longest.get(release, timedelta()), now - began)
                self.since.clear()
            if isinstance(event, VerificationPassed) and event.environment == "staging":
                self.since.setdefault(event.release, now)
            if isinstance(event, ApprovalGiven):
                self.approved.append(now)
            if isinstance(event, DeploymentStarted) and event.action == "promote" and event.environment == "prod":
                self.allows(event.release, now)
        self.seen = len(entries)

    def allows(self, release: str, now: datetime) -> None:
        stay = now - self.since[release] if release in self.since else timedelta()
        assert max(stay, self.longest.get(release, timedelta())) >= SOAK - TOLERANCE, "it has not soaked"
        assert self.approved, "nobody approved it"
        assert now - self.approved[-1] <= EXPIRES + TOLERANCE, "its approval has expired"


@pytest.mark.slow
@given(st.lists(STEPS, max_size=25))
def test_wrong_clocks_shorten_no_soak_and_no_expiry(script: Sequence[tuple[str, int, timedelta, timedelta]]) -> None:
    here, account = clocked(), Account()
    machines = (here, clocked(of=here))
    for verb, which, off, later in script:
        passes(here, later)
        is_off(machines[which], off)
        with suppress(EnvctlError):
            _do(machines[which], verb)
        account.follows(list_entries(here), here.store.true.time)  # type: ignore[attr-defined]
    entries = list_entries(here)
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    journal.verify_ledger(here.ports)
    _goes_by_the_book(here)


def _do(world: World, verb: str) -> None:
    match verb:
        case "apply":
            apply(world.ports, "dev")
        case "promote":
            promote(world.ports, "dev", "staging")
        case "verify":
            verify(world.ports, "staging")
        case "approve":
            approve_plan(world.ports, "prod", "peer", unseen=["web"])
        case "release":
            promote(world.ports, "staging", "prod")
        case "edit":
            world.edit("modules/web/main.tf", f"{world.tree.content['modules/web/main.tf'].decode()}# more\n")
        case _:
            lock_environment(world.ports, "dev", "no")
            unlock_environment(world.ports, "dev")


def _goes_by_the_book(world: World) -> None:
    """Nothing is bricked: with a right clock everything goes on."""
    is_off(world, timedelta())
    world.edit("modules/web/main.tf", f"{world.tree.content['modules/web/main.tf'].decode()}# the last\n")
    into_staging(world)
    approve_plan(world.ports, "prod", "peer", unseen=["web"])
    with pytest.raises(RefusedError, match="G104"):
        promote(world.ports, "staging", "prod")
    passes(world, SOAK)
    verify(world.ports, "staging")
    approve_plan(world.ports, "prod", "peer", unseen=["web"])
    promote(world.ports, "staging", "prod")
