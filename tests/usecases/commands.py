"""What people do to environments, command by command."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar, cast

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.changes import Action, ResourceChange
from envctl.usecases.approval.approve import approve_plan, withdraw_approval
from envctl.usecases.approval.approve_rules import approve_rules
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.approval.reset_rules import reset_rules, withdraw_reset
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.early_start import run_drift_check as check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.rules import load_environment_rules
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import UnpinnedProvider
from tests.fakes.folders import MemoryTree
from tests.fakes.terraform import Killed, MemoryTerraform, MemoryWorkspace
from tests.usecases.laws.editors import Edits, settings_of
from tests.usecases.laws.machines import Machine, stage
from tests.usecases.laws.oracle.account import Command
from tests.usecases.laws.oracle.oracle import Oracle
from tests.usecases.laws.oracle.rulebook import KINDS, NEW_NAMES, Asked
from tests.usecases.laws.people import ANN, EVE, VOUCHED, Name, identity_of, person_of, truth_of
from tests.usecases.project_text import USUAL_ACCOUNT, Third

OFTEN = 8
REPLACED = (UnpinnedProvider("hashicorp/aws", "dev_overrides"),)
T = TypeVar("T")


@dataclass(frozen=True)
class How:
    """Who gives a command, what they wish, what they answer, and when their machine is killed. `only` is of an
    apply: the stacks, where they are not all. `unseen` is of an approval: the stacks that it names. `replaced` says
    that the machine has a provider of its own. `name` says by what it is known who they are: the machine only claims
    it, AWS vouches for them in the role of those who approve, they are a job of CI, or they are EVE, who forges that.
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
    partial: bool = False
    name: Name = "own"

    @property
    def wishes(self) -> DeployOptions:
        selection = StackSelection(self.only)
        return DeployOptions(
            dry_run=self.dry_run,
            verify=self.verify,
            break_glass=self.break_glass,
            selection=selection,
            older=self.older,
            partial=self.partial,
        )


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


@dataclass(frozen=True)
class Refused:
    """A command that was refused, as it was given."""

    verb: str
    environment: str
    command: Callable[[Ports], object]
    how: How
    machine: Machine
    source: str
    gate: str
    error: EnvctlError


def more(kind: str) -> tuple[ResourceChange, ...]:
    """What else a plan may hold."""
    return {
        "a database is lost": (
            ResourceChange(address="aws_db_instance.main", type="aws_db_instance", action=Action.DELETE),
        ),
        "a bucket is made anew": (
            ResourceChange(address="aws_s3_bucket.data", type="aws_s3_bucket", action=Action.REPLACE),
        ),
        "servers are lost": tuple(
            ResourceChange(address=f"aws_instance.web[{number}]", type="aws_instance", action=Action.DELETE)
            for number in range(2)
        ),
        "one server is lost": (
            ResourceChange(address="aws_instance.web[2]", type="aws_instance", action=Action.DELETE),
        ),
        "a server is made": (ResourceChange(address="aws_instance.web[3]", type="aws_instance", action=Action.CREATE),),
        "nothing": (),
    }[kind]


class Commands(Edits):
    """`here` and `elsewhere` are two machines; each command is told to the oracle before it begins. `said_no` is the
    last refusal; it is told to `on_refusal`.
    """

    said_no: EnvctlError | None = None
    on_refusal: Callable[[Refused], None] | None = None

    def __init__(self, waivable: Mapping[str, frozenset[str]]) -> None:
        # Where every step reads from a checkpoint, a wrong one shows.
        self.usual, checkpoint.INTERVAL = checkpoint.INTERVAL, OFTEN
        self.oracle = Oracle()
        self.here, self.elsewhere = stage(self.oracle, waivable)
        self.shared, self.fresh = self.here.shared, 0
        self.jobs: list[Job] = []
        self.book = self.shared.asked

    def leave(self) -> None:
        checkpoint.INTERVAL = self.usual

    @property
    def present(self) -> LedgerState:
        return journal.load(self.here.ports)

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
        machine.identity = identity_of(how.by, how.name)
        person, truly = person_of(machine.identity.identify_actor()), truth_of(how.by, how.name)
        machine.prompter.answers = [] if how.yes else [False]
        machine.terraform.unpinned_providers = REPLACED if how.replaced else ()
        asked = machine.shared.asked
        read = (settings_of(tree, environment), machine.of_the_tree(beside=environment in asked.outside), asked)
        given = Command(verb, environment, person, truly, *read, source, gate)
        given.foreign = machine.owner != self.here.owner
        given.break_glass, given.dry_run, given.only = how.break_glass, how.dry_run, frozenset(how.only)
        given.unseen = frozenset(how.unseen) if verb == "approve" else frozenset()
        given.place = frozenset(place.items()) if KINDS[environment] == "prod" else frozenset()
        given.third = machine.shared.third
        given.replaced, given.older, given.vouched = how.replaced, how.older, VOUCHED.get(how.name, "")
        given.partial = how.partial
        self.oracle.begins(machine, given)
        result, refused = None, None
        try:
            result, outcome = command(machine.ports), "done"
        except EnvctlError as error:
            refused = self.said_no = error
            outcome = f"said no ({', '.join(problem.code for problem in error.problems)})"
        except Killed:
            outcome = "killed"
        machine.fuse = None
        machine.meanwhile.clear()
        self.oracle.ends(machine, outcome)
        if refused and self.on_refusal:
            self.on_refusal(Refused(verb, environment, command, how, machine, source, gate, refused))
        return result

    def applies(self, to: str, how: How = PLAINLY, *, at: Machine | None = None) -> DeploymentResult | None:
        to = self.called(to)
        return self.gives("apply", to, lambda ports: apply(ports, to, how.wishes), how, at=at)

    def promotes(
        self, source: str, to: str, how: How = PLAINLY, *, release: str | None = None, at: Machine | None = None
    ) -> DeploymentResult | None:
        source, to = self.called(source), self.called(to)

        def command(ports: Ports) -> DeploymentResult:
            return promote(ports, source, to, how.wishes, release=release)

        return self.gives("promote", to, command, how, source=source, at=at)

    def rolls_back(self, to: str, how: How = PLAINLY, *, release: str | None = None) -> DeploymentResult | None:
        to = self.called(to)
        return self.gives("rollback", to, lambda ports: rollback(ports, to, how.wishes, to=release), how)

    def destroys(self, what: str, how: How = PLAINLY) -> DeploymentResult | None:
        what = self.called(what)
        return self.gives("destroy", what, lambda ports: destroy(ports, what, how.wishes), how)

    def approves(self, gate: str, how: How, *, release: str | None = None, to: str = "prod") -> None:
        to = self.called(to)

        def command(ports: Ports) -> object:
            return approve_plan(ports, to, gate, release=release, unseen=how.unseen)

        self.gives("approve", to, command, how, gate=gate)

    def approves_rules(self, gate: str, how: How, *, to: str = "prod") -> None:
        """Where there is no gate, none is named."""
        to = self.called(to)
        self.gives("approve rules", to, lambda ports: approve_rules(ports, to, gate or None), how, gate=gate)

    def resets_rules(self, by: str = EVE, *, of: str = "prod") -> None:
        of = self.called(of)
        self.gives("reset rules", of, lambda ports: reset_rules(ports, of, "they have left"), How(by))

    def withdraws_reset(self, how: How, *, of: str = "prod") -> None:
        of = self.called(of)
        self.gives("withdraw reset", of, lambda ports: withdraw_reset(ports, of), how)

    def withdraws(
        self, gate: str, how: How, *, release: str | None = None, to: str = "prod", at: Machine | None = None
    ) -> None:
        to = self.called(to)
        self.gives(
            "withdraw", to, lambda ports: withdraw_approval(ports, to, gate, release=release), how, gate=gate, at=at
        )

    def verifies(self, what: str, how: How = PLAINLY, *, at: Machine | None = None) -> None:
        what = self.called(what)
        self.gives("verify", what, lambda ports: verify(ports, what), how, at=at)

    def looks_for_drift(self, what: str, how: How = PLAINLY, *, at: Machine | None = None) -> None:
        what = self.called(what)
        self.gives("drift", what, lambda ports: check_drift(ports, [what]), how, at=at)

    def locks(self, what: str, by: str = EVE, *, at: Machine | None = None) -> None:
        what = self.called(what)
        self.gives("lock", what, lambda ports: lock_environment(ports, what, "not now"), How(by), at=at)

    def unlocks(self, what: str, by: str = EVE, *, release: str | None = None) -> None:
        what = self.called(what)
        self.gives("unlock", what, lambda ports: unlock_environment(ports, what, "go on", release=release), How(by))

    def recovers(self, what: str, how: How = PLAINLY) -> None:
        what = self.called(what)
        self.gives("recover", what, lambda ports: recover(ports, what), how)

    def plans(self, of: str) -> None:
        of = self.called(of)
        self.gives("look", of, lambda ports: plan_environment(ports, of))

    def looks(self, of: str) -> None:
        """At everything; what is shown is held against what is known."""
        self.gives("look", self.called(of), self._looks)

    def _looks(self, ports: Ports) -> None:
        # An old job looks from a machine of its own.
        machine = cast("Machine", ports)
        command = self.oracle.commands[id(machine)]
        shown = {each.environment: each.stacks for each in load_status(ports).gone}
        self.oracle.sees_gone(command, shown, {name: machine.stacks_in(name) for name in self.oracle.places})
        found = load_environment_rules(ports, command.environment)
        self.oracle.sees_rules(command, found.standing, machine.shared.clock.now())
        explain_refusal(ports, command.environment, planned=True)

    def machine(self, tree: MemoryTree) -> Machine:
        """One more, with another working tree, at the same store."""
        return Machine(replace(self.shared, tree=tree, terraform=MemoryTerraform(MemoryWorkspace())), self.oracle)

    def runs_again(self, job: Job) -> None:
        """The same command with its old arguments and its old tree, by the same person."""
        then = {"asked": job.asked, "third": job.third, "place_of_prod": dict(job.place)}
        shared = replace(self.shared, tree=MemoryTree(dict(job.tree)), **then)  # type: ignore[arg-type]
        machine = Machine(shared, self.oracle)
        for name in ("prod", NEW_NAMES["prod"]):
            machine.access.accounts[name] = job.place.get("account_id", USUAL_ACCOUNT)
        how = replace(job.how, fuse=None)
        self.gives(job.verb, job.environment, job.command, how, at=machine, source=job.source, gate=job.gate)

    def passes(self, time: timedelta) -> None:
        self.shared.clock.time += time

    def fails_a_check(self, of: str, *, at: Machine | None = None) -> None:
        self.shared.failing.add((self.called(of), "smoke"))
        self.verifies(of, at=at)
        self.shared.failing.clear()

    def finds_drift(self, of: str, *, at: Machine | None = None) -> None:
        self.shared.terraform.drifted.add((self.called(of), "web"))
        self.looks_for_drift(of, at=at)
        self.shared.terraform.drifted.clear()
