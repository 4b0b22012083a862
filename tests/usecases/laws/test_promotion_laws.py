"""No sequence of commands, by any actors, with failures and crashes in between, puts a release where it isn't proven;
and whoever does everything by the book gets there from wherever they are.

The oracle keeps an account of its own of what the fakes saw. It knows nothing of guards and fold.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from envctl.domain.ledger.projection.apply_entries import apply_entries
from envctl.domain.ledger.state import EnvironmentState
from envctl.usecases.ledger import journal
from envctl.usecases.ports.project import Revision
from tests.fakes.world import list_entries
from tests.usecases.commands import How, more
from tests.usecases.laws.actors import Actors
from tests.usecases.laws.draws import (
    LONG_TIMES,
    TIMES,
    environments,
    fuses,
    gates,
    people,
    picks,
    ruled,
    stacks,
    tempted,
    waivable,
    ways,
)
from tests.usecases.laws.law_steps import Edited, Tempted
from tests.usecases.laws.machines import ENVIRONMENTS
from tests.usecases.laws.oracle import verdict
from tests.usecases.laws.oracle.account import Place
from tests.usecases.laws.people import BOB, EVE


class Promotion(Edited, Tempted):
    @initialize(staging=waivable, prod=waivable)
    def begins(self, staging: set[str], prod: set[str]) -> None:
        self.actors = Actors({"staging": frozenset(staging), "prod": frozenset(prod)})
        self.written: list[bytes] = []

    def _release(self, pick: int | None) -> str | None:
        known = list(self.actors.oracle.made)
        return None if pick is None or not known else known[pick % len(known)]

    @rule(author=people, uncommitted=st.booleans())
    def commits(self, author: str, uncommitted: bool) -> None:
        self.actors.shared.versions.known = Revision("c0ffee", author, uncommitted)

    @rule(time=st.sampled_from(TIMES * 3 + LONG_TIMES))
    def time_passes(self, time: timedelta) -> None:
        self.actors.passes(time)

    @rule(to=environments, how=ways)
    def applies(self, to: str, how: How) -> None:
        self.actors.applies(to, how)

    @rule(to=environments, how=ways, stack=stacks)
    def applies_a_part(self, to: str, how: How, stack: str) -> None:
        self.actors.applies(to, replace(how, only=(stack,)))

    @rule(source=environments, to=environments, how=ways, pick=picks)
    def promotes(self, source: str, to: str, how: How, pick: int | None) -> None:
        self.actors.promotes(source, to, how, release=self._release(pick))

    @rule(to=st.sampled_from(["staging", "prod"]), how=ways)
    def promotes_in_order(self, to: str, how: How) -> None:
        self.actors.promotes(verdict.BEFORE[to], to, how)

    @rule(to=environments, how=ways, pick=picks)
    def rolls_back(self, to: str, how: How, pick: int | None) -> None:
        self.actors.rolls_back(to, how, release=self._release(pick))

    @rule(what=environments, how=ways)
    def destroys(self, what: str, how: How) -> None:
        self.actors.destroys(what, how)

    @rule(to=ruled, gate=gates, how=ways, pick=picks)
    def approves(self, to: str, gate: str, how: How, pick: int | None) -> None:
        self.actors.approves(gate, how, release=self._release(pick), to=to)

    @rule(to=ruled, gate=gates, how=ways)
    def approves_rules(self, to: str, gate: str, how: How) -> None:
        self.actors.approves_rules(gate, how, to=to)

    @rule(to=ruled, pick=picks)
    def all_approve(self, to: str, pick: int | None) -> None:
        release = self._release(pick)
        if release:
            self.actors.all_approve(release, to=to)

    @rule(to=ruled, gate=gates, how=ways, pick=picks)
    def withdraws(self, to: str, gate: str, how: How, pick: int | None) -> None:
        self.actors.withdraws(gate, how, release=self._release(pick), to=to)

    @rule(of=ruled, by=people)
    def resets_rules(self, of: str, by: str) -> None:
        self.actors.resets_rules(by, of=of)

    @rule(of=ruled, how=ways)
    def withdraws_reset(self, of: str, how: How) -> None:
        self.actors.withdraws_reset(how, of=of)

    @rule(what=environments, how=ways, failing=st.sampled_from(["", "", "smoke", "front", "deep"]))
    def verifies(self, what: str, how: How, failing: str) -> None:
        self.actors.shared.failing.clear()
        if failing:
            self.actors.shared.failing.add((self.actors.called(what), failing))
        self.actors.verifies(what, how)

    @rule(what=environments, stack=stacks, how=ways, drifted=st.booleans())
    def looks_for_drift(self, what: str, stack: str, how: How, drifted: bool) -> None:
        self.actors.shared.terraform.drifted.clear()
        if drifted:
            self.actors.shared.terraform.drifted.add((self.actors.called(what), stack))
        self.actors.looks_for_drift(what, how)

    @rule(what=environments, locked=st.booleans(), by=people, pick=picks)
    def locks_and_unlocks(self, what: str, locked: bool, by: str, pick: int | None) -> None:
        if locked:
            self.actors.locks(what, by)
        else:
            self.actors.unlocks(what, by, release=self._release(pick))

    @rule(what=environments, how=ways)
    def recovers(self, what: str, how: How) -> None:
        self.actors.recovers(what, how)

    @rule(of=environments, stack=stacks, kind=st.sampled_from(["fails", "dies", "works"]))
    def breaks(self, of: str, stack: str, kind: str) -> None:
        terraform = self.actors.shared.terraform
        terraform.fails_on.clear()
        terraform.dies_on.clear()
        if kind != "works":
            (terraform.fails_on if kind == "fails" else terraform.dies_on).add((self.actors.called(of), stack))

    @rule(of=environments, ready=st.booleans(), fails=st.booleans())
    def breaks_objects(self, of: str, ready: bool, fails: bool) -> None:
        """The cluster refuses the objects, or they never get ready."""
        where, terraform = (self.actors.called(of), "pods"), self.actors.shared.terraform
        terraform.unready.clear()
        terraform.fails_on.discard(where)
        if not ready:
            (terraform.fails_on if fails else terraform.unready).add(where)

    @rule(of=environments, drifted=st.booleans(), how=ways)
    def looks_for_drift_of_objects(self, of: str, drifted: bool, how: How) -> None:
        self.looks_for_drift(of, "pods", how, drifted)

    @rule(
        of=environments,
        stack=stacks,
        kind=st.sampled_from(["a database is lost", "one server is lost", "a server is made", "nothing"]),
    )
    def plans_hold_more(self, of: str, stack: str, kind: str) -> None:
        self.actors.shared.terraform.extra_changes[self.actors.called(of), stack] = more(kind)

    @rule(of=environments)
    def looks(self, of: str) -> None:
        self.actors.looks(of)

    @rule(fuse=fuses)
    def comes_into_staging(self, fuse: int | None) -> None:
        self.actors.proves(fuses=(None, fuse))

    @rule(fuses=st.tuples(fuses, fuses, fuses))
    def does_it_by_the_book(self, fuses: tuple[int | None, int | None, int | None]) -> None:
        release = self.actors.by_the_book(fuses)
        made = self.actors.oracle.made[release]
        for environment in ENVIRONMENTS:
            assert self.actors.oracle.places[environment].runs == dict.fromkeys(made.stacks, made.content)
        prod = self.actors.present.find_environment("prod")
        assert prod.current_evidence is not None and prod.current_evidence.verified, (
            "what runs in prod is not verified there"
        )
        assert not prod.debts, "a normal promotion cleared no debt"

    @rule(to=st.sampled_from(["staging", "staging", "prod"]), fuse=fuses, lifted=st.booleans())
    def goes_back_by_the_book(self, to: str, fuse: int | None, lifted: bool) -> None:
        left, earlier = self.actors.goes_back(to, fuse)
        place, source = self.actors.oracle.places[to], verdict.BEFORE[to]
        assert (place.current, place.held) == (earlier, {left}), "it did not go back, or left the way open"
        if not self.actors.has_gates(to):
            if lifted:
                self.actors.unlocks(to, release=left)
            self.actors.all_approve(left)
        elif lifted:
            self.actors.all_approve(left, to=to)
        assert (self.actors.promotes(source, to, release=left) is not None) == lifted

    @rule(pick=st.integers(0, 30))
    def runs_an_old_job_again(self, pick: int) -> None:
        jobs = self.actors.jobs
        if jobs:
            self.actors.runs_again(jobs[-1 - pick % len(jobs)])

    @rule(
        how=tempted,
        when=st.sampled_from(["asking", "writing"]),
        what=st.sampled_from(["lock", "withdraw", "check", "drift", "race", "night", "window"]),
    )
    def something_happens_meanwhile(self, how: How, when: str, what: str) -> None:
        release = self.actors.proves()
        self.actors.soaks()
        self.actors.all_approve(release)
        # An entry carries the time of its decision: only a person can let time pass before that.
        self.actors.here.meanwhile["asking" if what in {"night", "window"} else when] = self._meanwhile(what, release)
        self.actors.promotes("staging", "prod", how, release=release)

    def _meanwhile(self, what: str, release: str) -> Callable[[], object]:
        actors, there = self.actors, self.actors.elsewhere
        happens: dict[str, Callable[[], object]] = {
            "lock": lambda: actors.locks("prod", at=there),
            "withdraw": lambda: actors.withdraws("peer", How(BOB), release=release, at=there),
            "check": lambda: actors.fails_a_check("staging", at=there),
            "drift": lambda: actors.finds_drift("staging", at=there),
            "night": lambda: actors.passes(timedelta(hours=9)),
            "window": lambda: actors.passes(timedelta(days=7)),
            "race": lambda: actors.promotes("staging", "prod", How(EVE), release=release, at=there),
        }
        return happens[what]

    @invariant()
    def no_law_is_broken(self) -> None:
        if hasattr(self, "actors"):
            assert not self.actors.oracle.broken

    @invariant()
    def the_ledger_only_grows(self) -> None:
        if hasattr(self, "actors"):
            store = self.actors.here.store
            stored = [store.content[key] for key in store.list_keys("ledger/")]
            assert stored[: len(self.written)] == self.written
            self.written = stored

    def teardown(self) -> None:
        """From the first entry on, where every step has read from a checkpoint."""
        if hasattr(self, "actors"):
            here = self.actors.here
            self.actors.leave()
            assert journal.verify_ledger(here.ports) == apply_entries(list_entries(here)) == self.actors.present

    @invariant()
    def the_present_claims_no_more_than_is_known(self) -> None:
        if not hasattr(self, "actors"):
            return
        present, now = self.actors.present, self.actors.shared.clock.now()
        for environment, place in self.actors.oracle.places.items():
            shown = present.find_environment(environment)
            assert (shown.unfinished_deployment is not None) == (place.open is not None)
            assert (shown.lock is not None) == place.locked
            assert place.held <= set(shown.holds), f"{environment} lost a hold"
            for release, evidence in shown.evidence.items():
                proof = place.proof(release)
                if place.open is not None and place.open.release == release:
                    continue
                assert proof.whole
                assert not evidence.verified or evidence.verified_at == proof.verified_at
                assert evidence.measure_soak(now) <= proof.soaked(now)
            _shows_debts(shown, place)


def _shows_debts(shown: EnvironmentState, place: Place) -> None:
    debts = {debt.waiver: (debt.release, debt.reason, debt.guards) for debt in shown.debts}
    owed = {seq: (waiver.release, waiver.reason, waiver.guards) for seq, waiver in place.owed.items()}
    assert owed.items() <= debts.items(), "a debt is not shown"


class More(Promotion):
    """As many again: at night each half has a processor."""


# A history takes seconds.
HALF = settings(stateful_step_count=30, max_examples=settings().max_examples // 2)
LIMITED = pytest.mark.timeout(max(900, 6 * HALF.max_examples))
TestPromotion = pytest.mark.slow(LIMITED(Promotion.TestCase))
TestMorePromotion = pytest.mark.night(LIMITED(More.TestCase))
TestPromotion.settings = TestMorePromotion.settings = HALF
