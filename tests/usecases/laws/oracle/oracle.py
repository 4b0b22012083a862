"""Watches machines at work, keeps an account of its own, and says where a law is broken.

It knows nothing of guards and fold. An entry of the ledger is to it what somebody claims: it is held against what was
seen. It collects what is wrong and raises nothing, so that no command can swallow it.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from envctl.domain.ledger import events
from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.plan.changes import Action, EnvironmentPlan, StackPlan
from tests.usecases.laws.machines import LEAVING, Content, Machine, Where
from tests.usecases.laws.oracle import verdict
from tests.usecases.laws.oracle.account import Command, Made, Place, losses
from tests.usecases.laws.oracle.entries import MAY_WRITE, describe_event
from tests.usecases.laws.oracle.words import Words
from tests.usecases.laws.people import nickname, person_of


def _as_planned(shown: StackPlan) -> StackPlan:
    """As Terraform planned it: that the stack leaves is only told."""
    told: dict[str, Any] = {"leaves": ""} if LEAVING else {}
    return replace(shown, **told)


def _is_accepted(command: Command, plan: StackPlan) -> bool:
    if any(answer and plan in map(_as_planned, shown.stacks) for shown, answer in command.shown):
        return True
    shown = [each for plan, answer in command.shown if answer == "all" for each in plan.stacks]
    actions = {change.action for change in plan.resources} | {change.action for change in plan.outputs}
    creates = actions <= {Action.CREATE, Action.READ} and not plan.in_state
    return creates and any(each.stack == plan.stack and each.waits_for for each in shown)


class Oracle(Words):
    def __init__(self) -> None:
        super().__init__()
        self.made: dict[str, Made] = {}
        self.commands: dict[int, Command] = {}
        self.arrivals = 0

    def begins(self, machine: Machine, command: Command) -> None:
        self.commands[id(machine)] = command
        self.story.append(f"{machine.shared.clock.now():%m-%d %H:%M} {command.spelt}")

    def ends(self, machine: Machine, outcome: str) -> None:
        """`outcome` is done, killed, or with what it said no."""
        command = self.commands.pop(id(machine))
        self.story.append(f"  {outcome}: {command.spelt}")
        if outcome != "killed":
            self._leaves_nothing_open(command)
        if command.dry_run and "deployment started" in MAY_WRITE[command.verb] and command.wrote:
            self.says(command, f"a dry run wrote {command.wrote}")
        held = machine.stacks_in(command.environment) - self.places[command.environment].forgotten
        if command.environment not in command.asked.environments and held and "E139" not in outcome:
            self.says(command, f"it holds {sorted(held)}, is gone, and the answer was {outcome}")
        done = outcome == "done" and command.release and command.verb != "destroy"
        if done and not self._runs(command, self.places[command.environment], command.release):
            self.says(command, "it says that it is done, and something else runs")

    def _runs(self, command: Command, place: Place, release: str) -> bool:
        """Whether all that the command is for is of that release."""
        content = self.made[release].content
        return all(place.runs.get(stack) == content for stack in command.only or self.made[release].stacks)

    def _leaves_nothing_open(self, command: Command) -> None:
        if self.places[command.environment].open is command:
            self.says(command, "it ended, and no end was recorded")
        if any(command.probed.values()) and "verification failed" not in command.wrote:
            self.says(command, "a check failed, and nobody wrote it down")
        if command.drifted and "drift checked" not in command.wrote:
            self.says(command, "drift was found, and nobody wrote it down")

    # What the ports tell.

    def planned(self, machine: Machine, where: Where, plan: StackPlan, content: Content | None) -> None:
        command = self.commands[id(machine)]
        command.plans[where[1]], command.contents[where[1]] = plan, content

    def shown(self, machine: Machine, plan: EnvironmentPlan, answer: str) -> None:
        self.commands[id(machine)].shown.append((plan, answer))

    def looked(self, machine: Machine, where: Where, drifted: int) -> None:
        self.commands[id(machine)].drifted += drifted

    def probed(self, machine: Machine, environment: str, check: str, problem: str) -> None:
        command = self.commands[id(machine)]
        if environment != command.environment:
            self.says(command, f"{environment} was checked")
        command.probed[check] = problem

    def waited(self, machine: Machine, where: Where, problem: str) -> None:
        self.probed(machine, where[0], f"{where[1]} is ready", problem)

    def applies(self, machine: Machine, where: Where) -> None:
        command = self.commands[id(machine)]
        environment, stack = where
        if environment != command.environment:
            self.says(command, f"{environment} was touched")
        if self.places[environment].open is not command:
            self.says(command, f"{stack} is applied without a start that was recorded")
            return
        plan = command.plans[stack]
        if command.contents[stack] is not None and self._comes_too_early(command, stack):
            self.says(command, f"{stack} is applied before what it comes after")
        if not _is_accepted(command, plan):
            self.says(command, f"a plan of {stack} is applied that nobody has seen and said yes to")
        made = self.made[command.release]
        if command.contents[stack] != (made.content if command.verb != "destroy" and stack in made.stacks else None):
            self.says(command, f"{stack} gets other bytes than the release was made of")
        self._applies_by_the_rules(command, stack)

    def _comes_too_early(self, command: Command, stack: str) -> bool:
        """Whether the objects of the third stack come before the network that they say they come after."""
        network, third = command.plans.get("network"), self.made[command.release].third
        comes_after = third.kind == "kubernetes" and third.name == stack
        return comes_after and bool(network and network.changes) and "network" not in command.applied

    def _applies_by_the_rules(self, command: Command, stack: str) -> None:
        # A stack beside it may have been planned again: what that plan would lose is not lost by this apply.
        counted = {
            name: plan
            for name, plan in command.plans.items()
            if name == stack or name in command.applied or _is_accepted(command, plan)
        }
        plans = verdict.carried_out(counted, self.made[command.release])
        for asked, granted, writers in command.granted:
            if verdict.is_too_much_lost(plans, asked):
                lost = [resource.address for resource in losses(plans)]
                self._needs(command, "G301", f"{command.environment} loses {lost}")
            for gate, given in granted.items():
                if verdict.too_few(given, writers, {stack: command.plans[stack]}, dict(asked.rules.gates)[gate]):
                    self._needs(command, "G302", f"gate {gate} did not approve what is done to {stack}")

    def _needs(self, command: Command, code: str, problem: str) -> None:
        excuses = {code, "G106"} if code == "G302" else {code}
        if not excuses & command.waived:
            self.says(command, f"{code} {problem}")

    def applied(self, machine: Machine, where: Where) -> None:
        command, place = self.commands[id(machine)], self.places[where[0]]
        content = command.contents[where[1]]
        command.applied.add(where[1])
        if content is None:
            place.runs.pop(where[1], None)
        else:
            place.runs[where[1]] = content
        place.owed.update(command.waivers)

    # What is written into the ledger.

    def recorded(self, machine: Machine, entry: Entry) -> None:
        command, event = self.commands[id(machine)], entry.event
        now = machine.shared.clock.now()
        command.wrote.append(event.kind)
        self.story.append(f"  {entry.seq} {describe_event(event)}")
        self._may_write(command, entry, now)
        if isinstance(event, ReleaseCreated):
            self._made(machine, command, event)
            return
        if event.environment != command.environment:
            self.says(command, f"it wrote of {event.environment}")
        place = self.places[event.environment]
        match event:
            case events.WaiverUsed():
                self._waived(command, entry.seq, event, now)
            case events.DeploymentStarted():
                self._started(machine, command, entry.seq, event, now)
            case events.DeploymentSucceeded() | events.DeploymentFailed() | events.DeploymentAbandoned():
                self._ended(command, place, event, machine.stacks_in(event.environment))
            case events.VerificationPassed() | events.VerificationFailed():
                self._verified(command, place, event, now)
            case _:
                self._said(command, place, event, now)

    def _may_write(self, command: Command, entry: Entry, now: datetime) -> None:
        event = entry.event
        if command.foreign:
            self.says(command, "another project wrote into this store")
        if event.kind not in MAY_WRITE[command.verb]:
            self.says(command, f"it wrote {event.kind}")
        if (person_of(entry.actor), entry.at) != (command.person, now):
            self.says(command, f"it wrote of another person or time: {entry}")
        if entry.actor.verified and command.person != command.truly:
            self.says(command, f"it vouches for {command.person}, and that was {command.truly}")
        if command.environment not in command.asked.environments:
            self.says(command, "it wrote of an environment that is gone")

    def _made(self, machine: Machine, command: Command, event: ReleaseCreated) -> None:
        # Where it has to be approved it is made before anything is planned.
        content = next(iter(command.contents.values()), machine.content(command.environment))
        revision = machine.version_control.known
        known, makers = self.made.get(event.release), {command.person, revision.author.partition("@")[0]}
        if known is not None and (known.uncommitted, revision.uncommitted) == (True, False):
            # The same files, committed by now: all who have made it either time are its makers.
            if content != command.tree or (known.content, known.beside) != (content, command.is_beside):
                self.says(command, "another content is recorded as the commit of a release")
            self.made[event.release] = replace(known, makers=known.makers | makers, uncommitted=False)
            return
        others = [made.content for made in self.made.values()]
        if content is None or content != command.tree or content in others or known is not None:
            self.says(command, "the release is not what the working tree holds, or another one is the same")
            return
        what = (content, frozenset(makers), revision.uncommitted)
        self.made[event.release] = Made(len(self.made), *what, command.third, command.is_beside)

    def _waived(self, command: Command, seq: int, event: events.WaiverUsed, now: datetime) -> None:
        command.waivers[seq] = event
        if not command.break_glass or event.reason != command.break_glass:
            self.says(command, "something was waived without the reason that was given")
        place = self.places[event.environment]
        listed = [asked.rules.waivable for asked in self._asked(command, place, now)]
        if any(set(event.guards) - waivable for waivable in listed):
            self.says(command, f"{event.guards} can't all be waived there")
        if len(event.refusals) != len(event.guards) or not all(event.refusals):
            self.says(command, "a waiver does not say what it overrides")

    def _started(
        self, machine: Machine, command: Command, seq: int, event: events.DeploymentStarted, now: datetime
    ) -> None:
        place, release = self.places[event.environment], event.release
        if release not in self.made:
            self.says(command, "a release starts that nobody has made")
            return
        command.started, command.release = seq, release
        source = self.places[command.source] if command.source else place
        before, entry = self.places[command.document.before or "dev"], self.places[command.asked.pipeline[0]]
        around = (before, entry, self.made, self._asked(command, place, now))
        recorded = verdict.find_recorded(place, command, now)
        wrote = self._wrote(machine)
        case = verdict.Case(command, release, self.made[release], place, source, now, *around, recorded, wrote)
        asks = command.verb in ("promote", "apply")
        command.before = list(place.approvals)
        command.granted = [
            (asked, verdict.standing(case, asked) if asks else {}, verdict.list_writers(case, asked))
            for asked in case.asked
        ]
        objections = [*verdict.objections(case), *verdict.of_stacks(case, machine.stacks_in(event.environment))]
        for code, problem in objections:
            self._needs(command, code, problem)
        place.begun |= command.only or self.made[release].stacks
        place.returning = release if command.verb == "rollback" and not objections else ""
        if event.waiver not in command.waivers if command.waivers else event.waiver:
            self.says(command, "the start does not name its waiver")
        if (event.action, event.source) != (command.verb, command.source):
            self.says(command, f"it was recorded as {event.action} from {event.source!r}")
        if bool(event.unpinned) != command.replaced or (event.unpinned and event.environment != "dev"):
            self.says(command, f"it started with {event.unpinned or 'what is pinned'}")
        if event.older and not command.older:
            self.says(command, "it was recorded that an older release was meant, and nobody said so")
        if frozenset(event.only) != command.only:
            self.says(command, f"it was recorded as one of {event.only or 'all'}")
        self._leaves(command, place, now)

    def _wrote(self, machine: Machine) -> frozenset[str]:
        return frozenset(nickname(each) for names in machine.version_control.wrote.values() for each in names or ())

    def _leaves(self, command: Command, place: Place, now: datetime) -> None:
        if command.verb == "rollback" or command.older or "G111" in command.waived:
            place.given_up |= {name for name, made in self.made.items() if made.content in place.runs.values()}
        place.given_up.discard(command.release)
        for proof in place.proofs.values():
            proof.leave(now)
        if command.verb != "destroy":
            proof = place.proof(command.release)
            proof.whole, proof.verified_at, proof.passed = False, None, {}
        if command.verb == "rollback" and place.last not in ("", command.release):
            place.hold(place.last)
        place.open, place.last, place.drifted, place.doubted = command, command.release, False, False

    def _ended(self, command: Command, place: Place, event: events.Ending, there: frozenset[str]) -> None:
        deployment, place.open = place.open, None
        if deployment is None or (deployment.started, deployment.release) != (event.started, event.release):
            self.says(command, f"{event.kind}, and it had not started")
        elif isinstance(event, events.DeploymentSucceeded) and not command.only:
            self._succeeded(command, place, event.release, there)
        elif isinstance(event, events.DeploymentSucceeded):
            self._succeeded_partly(command, place, event)
        elif deployment.verb != "destroy":
            place.proof(event.release).revoke()

    def _succeeded(self, command: Command, place: Place, release: str, there: frozenset[str]) -> None:
        destroyed, made = command.verb == "destroy", self.made[release]
        wanted = {} if destroyed else dict.fromkeys(made.stacks, made.content)
        if {stack: place.runs.get(stack) for stack in wanted} != wanted:
            self.says(command, f"recorded as succeeded, and this is there: {place.runs}")
        leaves = there - wanted.keys()
        if left := leaves - place.forgotten - (frozenset() if destroyed else made.forgets):
            self.says(command, f"{sorted(left)} were left behind, and nobody said so")
        place.runs, place.forgotten = wanted, (place.forgotten | leaves) - wanted.keys()
        is_new = not destroyed and command.verb != "rollback" and place.current != release
        if is_new:
            self.arrivals += 1
            place.came[release] = self.arrivals
        place.current, place.by = ("", None) if destroyed else (release, command)
        if destroyed:
            return
        if command.verb in ("promote", "apply") and not command.waivers:
            place.asked, place.where, place.said, place.reset = command.document, command.place, [], None
        used = [given for given in command.before if given.release == release]
        place.approvals = [replace(given, ended=given.ended or given in used) for given in place.approvals]
        proof = place.proof(release)
        proof.whole, proof.replaced = True, command.replaced
        if command.replaced:
            proof.revoke()
        brings_code = command.verb == "apply" and not command.document.before
        if command.verb == "promote" or brings_code:
            number = self.made[release].number
            place.held = {held for held in place.held if self.made[held].number >= number}
        if command.verb == "promote" and not command.waivers:
            place.held.discard(release)
        if not command.waivers and (command.verb == "promote" or (brings_code and is_new)):
            place.owed.clear()

    def _succeeded_partly(self, command: Command, place: Place, event: events.DeploymentSucceeded) -> None:
        """Nothing else is known to run there by that, and of this release nothing is proven any more."""
        if not self._runs(command, place, event.release) or frozenset(event.stacks) != command.only:
            self.says(command, f"{event.stacks} were recorded as done, and this is there: {place.runs}")
        place.proof(event.release).revoke()

    def _verified(
        self,
        command: Command,
        place: Place,
        event: events.VerificationPassed | events.VerificationFailed,
        now: datetime,
    ) -> None:
        passed, proof = isinstance(event, events.VerificationPassed), place.proof(event.release)
        place.doubted = not passed
        wanted = command.asked.checks_of(command.environment) | self.made[event.release].waits_for
        if set(command.probed) != wanted or passed == any(command.probed.values()):
            self.says(command, f"{event.kind}, and the checks said {command.probed}")
        if event.release != place.last or place.open is not None or not proof.whole:
            self.says(command, f"{event.kind} of what does not run")
        if passed and proof.replaced:
            return
        if passed:
            proof.verified_at, proof.since = now, proof.since or now
            proof.passed |= dict.fromkeys(command.probed, now)
        else:
            proof.revoke()
