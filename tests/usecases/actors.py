"""What people do to environments, command by command, by the book and nearly so."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, TypeVar

from envctl.domain import checkpoint
from envctl.domain.changes import Action, ResourceChange
from envctl.domain.errors import EnvctlError
from envctl.domain.present import Present
from envctl.usecases import record
from envctl.usecases.apply import apply
from envctl.usecases.approve import approve, withdraw
from envctl.usecases.approve_rules import approve_rules
from envctl.usecases.destroy import destroy
from envctl.usecases.drift import drift
from envctl.usecases.locking import lock, unlock
from envctl.usecases.ports import Ports
from envctl.usecases.project_ports import Revision
from envctl.usecases.promote import promote
from envctl.usecases.recover import recover
from envctl.usecases.rollback import rollback
from envctl.usecases.rules import rules
from envctl.usecases.run import Deployed, Wishes
from envctl.usecases.selecting import Selection
from envctl.usecases.terraform_ports import UnpinnedProvider
from envctl.usecases.verify import verify
from tests.fakes.world import Killed, MemoryTerraform, MemoryTree, MemoryWorkspace
from tests.usecases import verdict
from tests.usecases.account import Command
from tests.usecases.editors import Edits, settings_of
from tests.usecases.machines import Machine, Third, stage
from tests.usecases.oracle import Oracle
from tests.usecases.rulebook import ROLE, Asked

ANN, BOB, CAT, DAN, EVE = PEOPLE = tuple(f"{name}@example.com" for name in ("ann", "bob", "cat", "dan", "eve"))
OFTEN = 8
SESSION = ROLE.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
REPLACED = (UnpinnedProvider("hashicorp/aws", "dev_overrides"),)
T = TypeVar("T")


@dataclass(frozen=True)
class How:
    """Who gives a command, what they wish, what they answer, and when their machine is killed. `only` is of an
    apply: the stacks, where they are not all. `unseen` is of an approval: the stacks that it names. `replaced` says
    that the machine has a provider of its own. `name` says whether AWS vouches for the person, in the role of those who
    approve, or whether the machine only claims that name.
    """

    by: str = ANN
    break_glass: str = ""
    verify: bool = True
    dry_run: bool = False
    yes: bool = True
    fuse: int | None = None
    only: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ("web",)
    replaced: bool = False
    older: bool = False
    name: Literal["own", "vouched", "claimed"] = "own"

    @property
    def wishes(self) -> Wishes:
        selection = Selection(self.only)
        return Wishes(self.dry_run, self.verify, self.break_glass, selection=selection, older=self.older)


PLAINLY = How()


@dataclass(frozen=True)
class Job:
    """A command as it was given once: its arguments, the tree that it read, and where that said that prod is."""

    verb: str
    environment: str
    command: Callable[[Ports], object]
    how: How
    source: str
    gate: str
    tree: Mapping[str, bytes]
    place: Mapping[str, str]
    asked: Asked
    third: Third


def more(kind: str) -> tuple[ResourceChange, ...]:
    """What else a plan may hold."""
    return {
        "a database is lost": (ResourceChange("aws_db_instance.main", "aws_db_instance", Action.DELETE),),
        "a bucket is made anew": (ResourceChange("aws_s3_bucket.data", "aws_s3_bucket", Action.REPLACE),),
        "servers are lost": tuple(
            ResourceChange(f"aws_instance.web[{number}]", "aws_instance", Action.DELETE) for number in range(2)
        ),
        "one server is lost": (ResourceChange("aws_instance.web[2]", "aws_instance", Action.DELETE),),
        "a server is made": (ResourceChange("aws_instance.web[3]", "aws_instance", Action.CREATE),),
        "nothing": (),
    }[kind]


class Actors(Edits):
    """`here` and `elsewhere` are two machines; each command is told to the oracle before it begins."""

    def __init__(self, waivable: Mapping[str, frozenset[str]]) -> None:
        # Where every step reads from a checkpoint, a wrong one shows.
        self.usual, checkpoint.EVERY = checkpoint.EVERY, OFTEN
        self.oracle = Oracle(waivable)
        self.here, self.elsewhere = stage(self.oracle, waivable)
        self.shared, self.fresh = self.here.shared, 0
        self.jobs: list[Job] = []
        self.book = self.shared.asked

    def leave(self) -> None:
        checkpoint.EVERY = self.usual

    @property
    def present(self) -> Present:
        return record.present(self.here.ports)

    def gives(
        self,
        verb: str,
        environment: str,
        command: Callable[[Ports], T],
        how: How = PLAINLY,
        *,
        at: Machine | None = None,
        source: str = "",
        gate: str = "",
    ) -> T | None:
        """None where the command said no, or was killed."""
        machine = at or self.here
        tree, place = machine.shared.tree, machine.shared.place_of_prod
        if machine.owner == self.here.owner:
            then = (dict(tree.content), dict(place), machine.shared.asked, machine.shared.third)
            self.jobs.append(Job(verb, environment, command, how, source, gate, *then))
        machine.fuse = how.fuse
        machine.identity.name = how.by if how.name == "own" else f"{SESSION}/{how.by}"
        machine.identity.via = "aws" if how.name == "vouched" else "local"
        person = machine.identity.actor().person
        machine.consent.answers = [] if how.yes else [False]
        machine.terraform.replaced = REPLACED if how.replaced else ()
        read = (settings_of(tree, environment), machine.of_the_tree(), machine.shared.asked)
        given = Command(verb, environment, person, *read, source, gate)
        given.foreign = machine.owner != self.here.owner
        given.break_glass, given.dry_run, given.only = how.break_glass, how.dry_run, frozenset(how.only)
        given.unseen = frozenset(how.unseen) if verb == "approve" else frozenset()
        given.place = frozenset(place.items()) if environment == "prod" else frozenset()
        given.third = machine.shared.third
        given.replaced, given.older, given.vouched = how.replaced, how.older, how.name == "vouched"
        self.oracle.begins(machine, given)
        result = None
        try:
            result, outcome = command(machine.ports), "done"
        except EnvctlError as error:
            outcome = f"said no ({', '.join(problem.code for problem in error.problems)})"
        except Killed:
            outcome = "killed"
        machine.fuse = None
        machine.meanwhile.clear()
        self.oracle.ends(machine, outcome)
        return result

    def applies(self, to: str, how: How = PLAINLY, *, at: Machine | None = None) -> Deployed | None:
        return self.gives("apply", to, lambda ports: apply(ports, to, how.wishes), how, at=at)

    def promotes(
        self, source: str, to: str, how: How = PLAINLY, *, release: str | None = None, at: Machine | None = None
    ) -> Deployed | None:
        def command(ports: Ports) -> Deployed:
            return promote(ports, source, to, how.wishes, release=release)

        return self.gives("promote", to, command, how, source=source, at=at)

    def rolls_back(self, to: str, how: How = PLAINLY, *, release: str | None = None) -> Deployed | None:
        return self.gives("rollback", to, lambda ports: rollback(ports, to, how.wishes, to=release), how)

    def destroys(self, what: str, how: How = PLAINLY) -> Deployed | None:
        return self.gives("destroy", what, lambda ports: destroy(ports, what, how.wishes), how)

    def approves(self, gate: str, how: How, *, release: str | None = None) -> None:
        def command(ports: Ports) -> object:
            return approve(ports, "prod", gate, release=release, unseen=how.unseen)

        self.gives("approve", "prod", command, how, gate=gate)

    def approves_rules(self, gate: str, by: str) -> None:
        self.gives("approve rules", "prod", lambda ports: approve_rules(ports, "prod", gate), How(by), gate=gate)

    def withdraws(self, gate: str, by: str, *, release: str | None = None, at: Machine | None = None) -> None:
        def command(ports: Ports) -> object:
            return withdraw(ports, "prod", gate, release=release)

        self.gives("withdraw", "prod", command, How(by), gate=gate, at=at)

    def verifies(self, what: str, how: How = PLAINLY, *, at: Machine | None = None) -> None:
        self.gives("verify", what, lambda ports: verify(ports, what), how, at=at)

    def looks_for_drift(self, what: str, how: How = PLAINLY, *, at: Machine | None = None) -> None:
        self.gives("drift", what, lambda ports: drift(ports, [what]), how, at=at)

    def locks(self, what: str, by: str = EVE, *, at: Machine | None = None) -> None:
        self.gives("lock", what, lambda ports: lock(ports, what, "not now"), How(by), at=at)

    def unlocks(self, what: str, by: str = EVE, *, release: str | None = None) -> None:
        self.gives("unlock", what, lambda ports: unlock(ports, what, "go on", release=release), How(by))

    def recovers(self, what: str, how: How = PLAINLY) -> None:
        self.gives("recover", what, lambda ports: recover(ports, what), how)

    def machine(self, tree: MemoryTree) -> Machine:
        """One more, with another working tree, at the same store."""
        return Machine(replace(self.shared, tree=tree, terraform=MemoryTerraform(MemoryWorkspace())), self.oracle)

    def runs_again(self, job: Job) -> None:
        """The same command with its old arguments and its old tree, by the same person."""
        then = {"asked": job.asked, "third": job.third, "place_of_prod": dict(job.place)}
        shared = replace(self.shared, tree=MemoryTree(dict(job.tree)), **then)  # type: ignore[arg-type]
        machine = Machine(shared, self.oracle)
        machine.access.accounts["prod"] = job.place.get("account_id", f"{0:012}")
        how = replace(job.how, fuse=None)
        self.gives(job.verb, job.environment, job.command, how, at=machine, source=job.source, gate=job.gate)

    def passes(self, time: timedelta) -> None:
        self.shared.clock.time += time

    def fails_a_check(self, of: str, *, at: Machine | None = None) -> None:
        self.shared.failing.add((of, "smoke"))
        self.verifies(of, at=at)
        self.shared.failing.clear()

    def finds_drift(self, of: str, *, at: Machine | None = None) -> None:
        self.shared.terraform.drifted.add((of, "web"))
        self.looks_for_drift(of, at=at)
        self.shared.terraform.drifted.clear()

    # By the book.

    def mends(self) -> None:
        """Whatever was broken works again, nobody stands in the way, and prod asks for what it always did."""
        self.shared.asked, prod = self.book, self.oracle.places["prod"]
        self.says_what_leaves()
        self.moves_prod(dict(prod.where) if prod.asked else dict(self.shared.place_of_prod))
        terraform = self.shared.terraform
        for broken in (terraform.fails_on, terraform.dies_on, terraform.drifted, self.shared.failing):
            broken.clear()
        terraform.extra.clear()
        for machine in (self.here, self.elsewhere):
            machine.has_clock_off(timedelta())
        for environment, place in self.oracle.places.items():
            if place.open is not None:
                self.recovers(environment)
            if place.locked:
                self.unlocks(environment)

    def waits_until_open(self) -> None:
        while verdict.denied(self.shared.clock.now()):
            self.passes(timedelta(hours=1))

    def insists(self, to: str, command: Callable[[How], Deployed | None], fuse: int | None) -> Deployed:
        """Until it is done: if the machine dies, somebody recovers, and gives the same command again."""
        done = command(How(fuse=fuse))
        if done is None:
            self.recovers(to)
            done = command(PLAINLY)
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
        return self.insists(
            "staging", lambda how: self.promotes("dev", "staging", how, release=release), fuses[1]
        ).release

    def soaks(self) -> None:
        self.soaks_in("staging")

    def soaks_in(self, what: str) -> None:
        self.passes(timedelta(hours=25))
        self.waits_until_open()
        self.verifies(what)

    def all_approve(self, release: str, *, unseen: tuple[str, ...] = ("web",), replaced: bool = False) -> None:
        people = (("peer", BOB), ("business", CAT), ("business", DAN))
        # Prod is somewhere else than it was deployed to.
        moved = rules(self.here.ports, "prod").standing == "refused"
        for gate, person in people if moved else ():
            self.approves_rules(gate, person)
        for gate, person in people:
            self.approves(gate, How(person, unseen=unseen, replaced=replaced), release=release)

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
