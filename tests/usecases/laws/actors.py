"""What people do by the book, so that what they do besides can be tried from wherever they are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.ports.project import Revision
from tests.usecases.commands import Commands, How
from tests.usecases.laws.oracle import verdict
from tests.usecases.laws.oracle.account import Command
from tests.usecases.laws.oracle.rulebook import KINDS, Document, Vouched
from tests.usecases.laws.people import ANN, BOB, CAT, DAN, EVE, Name, nickname

ROTA = {"peer": (BOB, DAN), "business": (CAT, DAN, EVE), "law": (EVE, CAT)}
"""Who approves at which gate, as many as are asked for; one more where one of them may have written of it."""
BY_WHOM: dict[Vouched, Name] = {"": "own", "role": "vouched", "job": "job", "schedule": "schedule"}


class Actors(Commands):
    """They know what is asked from the account of the oracle, not from envctl."""

    def mends(self) -> None:
        """Whatever was broken works again, nothing stands in the way, and the project file asks what it always did."""
        self.asks(self.book)
        prod = self.place("prod")
        self.says_what_leaves()
        self.moves_prod(dict(prod.where) if prod.asked else dict(self.shared.place_of_prod))
        terraform = self.shared.terraform
        self.shared.versions.wrote.clear()
        for broken in (
            terraform.fails_on,
            terraform.dies_on,
            terraform.drifted,
            terraform.unready,
            self.shared.failing,
        ):
            broken.clear()
        terraform.extra_changes.clear()
        for machine in (self.here, self.elsewhere):
            machine.has_clock_off(timedelta())
        for environment in self.shared.asked.environments:
            place = self.oracle.places[environment]
            if place.open is not None:
                self.recovers(KINDS[environment])
            if place.locked:
                self.unlocks(KINDS[environment])

    def waits_until_open(self) -> None:
        while verdict.denied(self.shared.clock.now()):
            self.passes(timedelta(hours=1))

    def insists(self, to: str, command: Callable[[How], DeploymentResult | None], fuse: int | None) -> DeploymentResult:
        """Until it is done: if the machine dies, somebody recovers, and gives the same command again."""
        name: Name = "job" if self.shared.asked.rules(self.called(to)).only_ci else "own"
        done = command(How(fuse=fuse, name=name))
        if done is None:
            self.recovers(to)
            done = command(How(name=name))
        if done is None:
            raise AssertionError(f"all was done by the book, and {to} does not take the release")
        return done

    def proves(
        self, *, author: str = ANN, uncommitted: bool = False, fuses: tuple[int | None, int | None] = (None, None)
    ) -> str:
        """A new release, through dev, into staging."""
        self.mends()
        self.shared.versions.known = Revision("c0ffee", author, uncommitted)
        self.fresh += 1
        self.edits_code(f"fresh {self.fresh}")
        release = self.insists("dev", lambda how: self.applies("dev", how), fuses[0]).release
        self._satisfies("staging", release)
        return self.insists(
            "staging", lambda how: self.promotes("dev", "staging", how, release=release), fuses[1]
        ).release

    def _satisfies(self, to: str, release: str) -> None:
        """Whatever staging asks, which by the book is nothing."""
        asked = self._documents(to)
        soak = max(each.rules.soak for each in asked)
        if soak:
            self.passes(soak)
        if any(each.rules.windows for each in asked):
            self.waits_until_open()
        if any(each.rules.max_age for each in asked) or soak:
            self.verifies(verdict.BEFORE[to])
        self.all_approve(release, to=to)

    def soaks(self) -> None:
        self.soaks_in("staging")

    def soaks_in(self, what: str) -> None:
        soak = max(each.rules.soak for each in self._documents("prod"))
        self.passes(max(soak, timedelta(hours=24)) + timedelta(hours=1))
        self.waits_until_open()
        self.verifies(what)

    def _documents(self, to: str) -> tuple[Document, ...]:
        """What the tree asks of an environment, and what else counts there, for ANN."""
        to, asked = self.called(to), self.shared.asked
        place = frozenset(self.shared.place_of_prod.items()) if KINDS[to] == "prod" else frozenset()
        command = Command("promote", to, "ann", "ann", b"", ("", ""), asked, place=place)
        recorded = verdict.find_recorded(self.oracle.places[to], command, self.shared.clock.now())
        others = (recorded,) if recorded is not None else verdict.find_owners(self.oracle.places, command)
        return (command.document, *others)

    def has_gates(self, to: str) -> bool:
        return any(each.rules.gates for each in self._documents(to))

    def all_approve(
        self, release: str, *, unseen: tuple[str, ...] | None = None, replaced: bool = False, to: str = "prod"
    ) -> None:
        """By all that is asked; where that can't hold at once, the rules as well. By default, `unseen` has all stacks
        that come after another one.
        """
        if unseen is None:
            third = self.oracle.made[release].third
            unseen = ("web", third.name) if third.kind == "kubernetes" else ("web",)
        tree, *others = self._documents(to)
        recorded = self.place(to).asked
        if recorded is not None and any(
            _is_too_much(tree, other, uncommitted=self.oracle.made[release].uncommitted) for other in others
        ):
            for gate, how in _signatures(recorded, is_of_many=self._is_of_many(to)):
                self.approves_rules(gate, how, to=to)
            others = []
        is_of_many = self._is_of_many(to)
        said = dict.fromkeys(
            (gate, how) for each in (tree, *others) for gate, how in _signatures(each, is_of_many=is_of_many) if gate
        )
        for gate, how in said:
            self.approves(gate, replace(how, unseen=unseen, replaced=replaced), release=release, to=to)

    def _is_of_many(self, to: str) -> bool:
        """Whether others than ANN may have written what would be new there."""
        place = self.place(to)
        first = self.oracle.made[place.current].number if place.current else 0
        makers = {maker for made in self.oracle.made.values() if made.number >= first for maker in made.makers}
        return makers != {nickname(ANN)}

    def by_the_book(self, fuses: tuple[int | None, int | None, int | None] = (None, None, None)) -> str:
        release = self.proves(fuses=fuses[:2])
        self.soaks()
        self.all_approve(release)
        self.insists("prod", lambda how: self.promotes("staging", "prod", how), fuses[2])
        return release

    def goes_back(self, to: str, fuse: int | None) -> tuple[str, str]:
        """From one proven release to the one before it: the one that is left, and the one that is there again."""
        into: Callable[[], str] = self.by_the_book if to == "prod" else self.proves
        earlier, left = into(), into()
        self.insists(to, lambda how: self.rolls_back(to, how, release=earlier), fuse)
        return left, earlier


def _is_too_much(tree: Document, other: Document, *, uncommitted: bool) -> bool:
    """Whether nobody can satisfy the other one by what the tree's asks."""
    ours, theirs = tree.rules, other.rules
    is_spared = theirs.protected and (not ours.protected or theirs.max_destroys < ours.max_destroys)
    is_alone = (theirs.only_ci and not ours.only_ci) or (theirs.committed and uncommitted)
    return is_spared or is_alone or bool(other.checks - tree.checks) or not tree.can_hold_beside(other)


def _signatures(asked: Document, *, is_of_many: bool) -> list[tuple[str, How]]:
    """Who has to say yes at which gate, and by whom they are known. One person says it where there is no gate."""
    found = [
        (gate, How(person, name=BY_WHOM[asked.rules.approvers] if gate == "business" else "own"))
        for gate, count in asked.rules.gates
        for person in (ROTA[gate] if is_of_many else ROTA[gate][:count])
    ]
    return found or [("", How(BOB))]
