"""No sequence of commands, by any actors, with failures and crashes in between, puts a release where it isn't proven.

The oracle looks at the fakes' reality (which code lies in which environment) and keeps its own account of what was
deployed to its end. It knows nothing of guards, ledger or fold.
"""

from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from envctl.domain.errors import EnvctlError
from envctl.domain.present import fold
from envctl.usecases import record
from envctl.usecases.apply import apply
from envctl.usecases.approve import approve
from envctl.usecases.promote import promote
from envctl.usecases.recover import recover
from tests.fakes.world import NETWORK, Killed, World, recorded

ENVIRONMENTS = ("dev", "staging", "prod")
BEFORE = {"staging": "dev", "prod": "staging"}
PEOPLE = ("ann@example.com", "bob@example.com", "cat@example.com", "dan@example.com")
environments = st.sampled_from(ENVIRONMENTS)


class Promotion(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.world = World()
        self.proven: dict[str, set[str]] = {name: set() for name in ENVIRONMENTS}
        self.reached: dict[str, set[str]] = {name: set() for name in ENVIRONMENTS}
        self.approvals: set[tuple[str, str, str]] = set()
        self.known_entries: list[bytes] = []

    @rule(number=st.integers(0, 5))
    def edit_code(self, number: int) -> None:
        self.world.edit("modules/network/main.tf", NETWORK.decode() + f"# {number}\n")

    @rule(environment=environments, number=st.integers(1, 3))
    def edit_settings(self, environment: str, number: int) -> None:
        image = f'image = "shop@sha256:{str(number) * 64}"\n' if environment == "dev" else ""
        self.world.edit(f"environments/{environment}/terraform.tfvars", f'cidr = "10.{number}.0.0/16"\n{image}')

    @rule(person=st.sampled_from(PEOPLE))
    def somebody_else(self, person: str) -> None:
        self.world.identity.name = person

    @rule(environment=environments, yes=st.booleans())
    def applies(self, environment: str, yes: bool) -> None:
        self.world.consent.answers = [] if yes else [False]
        self._deploys(environment, lambda: apply(self.world.ports, environment))

    @rule()
    def jumps_a_stage(self) -> None:
        self._mend()
        # With everybody's approval, so that nothing but the order is in the way.
        self.everybody_approves("dev")
        self._deploys("prod", lambda: promote(self.world.ports, "dev", "prod"))

    @rule(number=st.integers(6, 9))
    def fails_in_dev_and_is_promoted_all_the_same(self, number: int) -> None:
        self._mend()
        self.edit_code(number)
        self.world.terraform.fails_on.add(("dev", "web"))
        self._deploys("dev", lambda: apply(self.world.ports, "dev"))
        last = record.present(self.world.ports).of("dev").last
        self._deploys(
            "staging", lambda: promote(self.world.ports, "dev", "staging", release=last.release if last else None)
        )

    @rule(source=environments, to=environments, pick=st.integers(0, 5), latest=st.booleans())
    def promotes(self, source: str, to: str, pick: int, latest: bool) -> None:
        releases = sorted(record.present(self.world.ports).releases)
        release = None if latest or not releases else releases[pick % len(releases)]
        self._deploys(to, lambda: promote(self.world.ports, source, to, release=release))

    @rule(to=st.sampled_from(["staging", "prod"]))
    def promotes_by_the_book(self, to: str) -> None:
        self._mend()
        self._deploys(to, lambda: promote(self.world.ports, BEFORE[to], to))

    @rule(of=st.sampled_from(["dev", "staging"]))
    def everybody_approves(self, of: str) -> None:
        me = self.world.identity.name
        last = record.present(self.world.ports).of(of).last
        for person in PEOPLE:
            self.world.identity.name = person
            for gate in ("peer", "business"):
                self.approves(gate, last.release if last else None)
        self.world.identity.name = me

    @rule(gate=st.sampled_from(["peer", "business"]))
    def approves(self, gate: str, release: str | None = None) -> None:
        try:
            given = approve(self.world.ports, "prod", gate, release=release)
        except EnvctlError:
            return
        self.approvals.add((given.gate, given.release, given.by.name))

    @rule(
        environment=environments,
        stack=st.sampled_from(["network", "web"]),
        kind=st.sampled_from(["fails", "dies", "works"]),
    )
    def breaks(self, environment: str, stack: str, kind: str) -> None:
        terraform = self.world.terraform
        for broken in (terraform.fails_on, terraform.dies_on):
            broken.discard((environment, stack))
        if kind != "works":
            (terraform.fails_on if kind == "fails" else terraform.dies_on).add((environment, stack))

    def _mend(self) -> None:
        self.world.consent.answers = []
        self.world.terraform.fails_on.clear()
        self.world.terraform.dies_on.clear()
        for environment in ENVIRONMENTS:
            recover(self.world.ports, environment)

    @rule()
    def a_quiet_day(self) -> None:
        self._mend()
        self._deploys("dev", lambda: apply(self.world.ports, "dev"))

    @rule(environment=environments)
    def recovers(self, environment: str) -> None:
        recover(self.world.ports, environment)

    def _deploys(self, environment: str, command: object) -> None:
        before = dict(self.world.terraform.reality)
        release = ""
        with suppress(EnvctlError, Killed):
            release = command().release  # type: ignore[operator]
        touched = {where for where, what in self.world.terraform.reality.items() if before.get(where) != what}
        assert {where for where, _ in touched} <= {environment}, "another environment was touched"
        code = self.world.terraform.code_of(environment) if touched or release else ""
        if touched:
            self.reached[environment].add(code)
            if environment in BEFORE:
                assert code in self.proven[BEFORE[environment]], "code reached an environment unproven before it"
            if environment == "prod":
                self._was_approved()
        if release:
            self.proven[environment].add(code)
        elif touched:
            self.proven[environment].discard(code)

    def _was_approved(self) -> None:
        last = record.present(self.world.ports).of("prod").last
        assert last is not None
        made_by = record.present(self.world.ports).releases[last.release]
        for gate, count in (("peer", 1), ("business", 2)):
            people = {who for g, r, who in self.approvals if (g, r) == (gate, last.release)}
            assert len(people - {made_by.by.name, made_by.author, last.by.name}) >= count

    @invariant()
    def the_ledger_only_grows_and_its_chain_holds(self) -> None:
        if not hasattr(self, "world"):
            return
        stored = [self.world.store.content[key] for key in self.world.store.keys("ledger/")]
        assert stored[: len(self.known_entries)] == self.known_entries
        self.known_entries = stored
        assert record.verify(self.world.ports) == fold(recorded(self.world))


TestPromotion = Promotion.TestCase
TestPromotion.settings = settings(stateful_step_count=30, max_examples=settings().max_examples)
